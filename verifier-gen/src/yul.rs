//! Yul expressions: their text, as forge formats it, and their price.

/// Columns of a line.
const WIDTH: usize = 120;
/// Most values that an expression may keep on the stack, above what its function keeps: the machine reaches 16.
pub(crate) const STACK: usize = 10;

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Yul {
    /// A name, or a number.
    Word(String),
    /// An opcode or a function, with arguments.
    Call(&'static str, Vec<Yul>),
}

pub(crate) fn word(text: impl ToString) -> Yul {
    Yul::Word(text.to_string())
}

pub(crate) fn mload(address: impl ToString) -> Yul {
    Yul::Call("mload", vec![word(address)])
}

pub(crate) fn mulmod(a: Yul, b: Yul) -> Yul {
    // The second argument is computed first: the deeper one, so that little waits on the stack.
    let (a, b) = if a.depth() > b.depth() { (b, a) } else { (a, b) };
    Yul::Call("mulmod", vec![a, b, word("r")])
}

pub(crate) fn addmod(a: Yul, b: Yul) -> Yul {
    let (a, b) = if a.depth() > b.depth() { (b, a) } else { (a, b) };
    Yul::Call("addmod", vec![a, b, word("r")])
}

pub(crate) fn add(a: Yul, b: Yul) -> Yul {
    let (a, b) = if a.depth() > b.depth() { (b, a) } else { (a, b) };
    Yul::Call("add", vec![a, b])
}

/// `r - a`, for an `a` of at most `r`.
pub(crate) fn negated(a: Yul) -> Yul {
    Yul::Call("sub", vec![word("r"), a])
}

impl Yul {
    /// Gas of its evaluation: what the machine's specification says for each opcode, three for a word on the stack.
    pub(crate) fn gas(&self) -> u64 {
        match self {
            Self::Word(_) => 3,
            Self::Call(name, arguments) => {
                let own = match *name {
                    "mulmod" | "addmod" => 8,
                    "mul" | "mod" => 5,
                    _ => 3,
                };
                own + arguments.iter().map(Self::gas).sum::<u64>()
            }
        }
    }

    /// Words on the stack while it is computed.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Word(_) => 1,
            // Arguments are computed from the last to the first.
            Self::Call(_, arguments) => {
                arguments.iter().rev().enumerate().map(|(below, a)| below + a.depth()).max().unwrap_or(0).max(1)
            }
        }
    }

    fn inline(&self) -> String {
        match self {
            Self::Word(text) => text.clone(),
            Self::Call(name, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(Self::inline).collect();
                format!("{name}({})", arguments.join(", "))
            }
        }
    }

    fn write(&self, prefix: &str, suffix: &str, indent: usize, lines: &mut Vec<String>) {
        let line = format!("{:indent$}{prefix}{}{suffix}", "", self.inline());
        match self {
            Self::Call(name, arguments) if line.len() > WIDTH => {
                lines.push(format!("{:indent$}{prefix}{name}(", ""));
                for (i, argument) in arguments.iter().enumerate() {
                    let comma = if i + 1 < arguments.len() { "," } else { "" };
                    argument.write("", comma, indent + 4, lines);
                }
                lines.push(format!("{:indent$}){suffix}", ""));
            }
            _ => lines.push(line),
        }
    }
}

/// Lines of code at one indentation, and what they cost.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    indent: usize,
    /// The text.
    pub(crate) lines: Vec<String>,
    /// Gas of running them once.
    pub(crate) gas: u64,
}

impl Lines {
    pub(crate) fn new(indent: usize) -> Self {
        Self { indent, lines: vec![], gas: 0 }
    }

    pub(crate) fn comment(&mut self, text: &str) {
        self.lines.push(format!("{:1$}// {text}", "", self.indent));
    }

    /// A new variable.
    pub(crate) fn define(&mut self, name: &str, value: &Yul) {
        let start = format!("let {name} :=");
        if self.indent + start.len() + 1 + value.inline().len() > WIDTH {
            self.raw(&start);
            value.write("", "", self.indent + 4, &mut self.lines);
        } else {
            value.write(&format!("{start} "), "", self.indent, &mut self.lines);
        }
        self.gas += value.gas();
    }

    /// A variable's new value.
    pub(crate) fn assign(&mut self, name: &str, value: &Yul) {
        value.write(&format!("{name} := "), "", self.indent, &mut self.lines);
        self.gas += value.gas() + 5;
    }

    /// Runs a statement.
    pub(crate) fn run(&mut self, call: &Yul) {
        call.write("", "", self.indent, &mut self.lines);
        self.gas += call.gas();
    }

    pub(crate) fn store(&mut self, address: impl ToString, value: Yul) {
        self.run(&Yul::Call("mstore", vec![word(address), value]));
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }
}

impl Lines {
    /// A line as it is.
    pub(crate) fn raw(&mut self, text: &str) {
        self.lines.push(format!("{:1$}{text}", "", self.indent));
    }

    /// Other lines with their price.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.gas += other.gas;
    }

    /// Whether a variable was defined here.
    pub(crate) fn defines(&self, name: &str) -> bool {
        let start = format!("let {name} :=");
        self.lines.iter().any(|line| line.trim_start().starts_with(&start))
    }

    pub(crate) fn assign_or_define(&mut self, name: &str, value: &Yul, new: bool) {
        if new { self.define(name, value) } else { self.assign(name, value) }
    }
}
