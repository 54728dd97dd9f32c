// The mutants of a Solidity source: every change of one place that a good test suite should notice. Places come from the
// compiler's syntax tree, so comments, strings, imports and declarations stay as they are.
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");

/** What stands for each other where both occur in a file. */
const COUNTERPARTS = [["consumer", "provider"]];

const REPLACED_BY = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "<<": [">>"],
  ">>": ["<<"],
  "&": ["|"],
  "|": ["&"],
  "&&": ["||"],
  "||": ["&&"],
  "+=": ["-=", "="],
  "-=": ["+=", "="],
  "*=": ["/="],
  "/=": ["*="],
  "++": ["--"],
  "--": ["++"],
};
const YUL_REPLACED_BY = {
  lt: ["gt"],
  gt: ["lt"],
  add: ["sub"],
  sub: ["add"],
  mul: ["div"],
  div: ["mul"],
  and: ["or"],
  or: ["and"],
  shl: ["shr"],
  shr: ["shl"],
};
const DECLARATIONS = new Set([
  "ImportDirective",
  "PragmaDirective",
  "UsingForDirective",
  "ErrorDefinition",
  "EventDefinition",
  "StructDefinition",
  "EnumDefinition",
  "UserDefinedValueTypeDefinition",
  "StructuredDocumentation",
  "ArrayTypeName",
]);

function parse(file, source) {
  const settings = { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } };
  const input = { language: "Solidity", sources: { [file]: { content: source } }, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const error = output.errors?.find(({ severity }) => severity === "error");
  if (error) throw new Error(error.formattedMessage);
  return output.sources[file].ast;
}

/** The first and the last byte of a node, `[start, end)`. */
function span(node) {
  const [start, length] = (node.nativeSrc ?? node.src).split(":").map(Number);
  return [start, start + length];
}

function children(node) {
  return Object.values(node)
    .flat()
    .filter((child) => child?.nodeType);
}

/** A number one off; 0 and 1 and 2 also each other. `null` for what is no number of that kind, such as an address. */
function otherNumbers(text) {
  const digits = text.match(/^(0x[0-9a-fA-F_]{1,39}|[0-9][0-9_]*)(?=\s|$)/)?.[0];
  if (!digits || (digits.startsWith("0x") && digits.length === 42)) return [];
  const value = BigInt(digits.replaceAll("_", ""));
  const others = value === 1n || value === 2n ? [value - 1n, value + 1n] : [value + 1n];
  return others.map((other) => {
    const shown = digits.startsWith("0x") ? `0x${other.toString(16).padStart(digits.length - 2, "0")}` : `${other}`;
    return shown + text.slice(digits.length);
  });
}

/** Whether a statement is a way out, alone or as the only one of a block: `revert X()`, `return y`, `continue`. */
function leaves(statement) {
  const inner = statement.nodeType === "Block" && statement.statements.length === 1 ? statement.statements[0] : statement;
  return ["RevertStatement", "Return", "Continue", "Break"].includes(inner.nodeType);
}

/**
 * The changes of one source, in order and without repetitions:
 * `{file, function, line, kind, start, end, text}`, where `text` replaces the bytes `[start, end)`.
 */
export function mutantsOf(file, source) {
  const bytes = Buffer.from(source);
  const text = (start, end = bytes.length) => bytes.subarray(start, end).toString();
  const of = (node) => text(...span(node));
  const ast = parse(file, source);
  const names = new Set();
  const found = new Map();
  let where = "";

  const change = (kind, start, end, replacement) => {
    if (text(start, end) === replacement) return;
    const line = text(0, start).split("\n").length;
    found.set(`${start} ${end} ${replacement}`, { file, function: where, line, kind, start, end, text: replacement });
  };
  const replace = (kind, node, replacement) => change(kind, ...span(node), replacement);
  /** The operator, which is all that stands between two nodes. */
  const operator = (operator, left, right) => {
    const [start, end] = [span(left)[1], span(right)[0]];
    if (text(start, end).trim() !== operator) return;
    for (const other of REPLACED_BY[operator] ?? []) change("operator", start, end, text(start, end).replace(operator, () => other));
  };
  /** A statement's node ends before its semicolon. */
  const remove = (kind, node) => {
    const [start, end] = span(node);
    change(kind, start, end + (text(end).match(/^\s*;/)?.[0].length ?? 0), "{}");
  };
  const condition = (node) => {
    // Comparisons and the like have mutants of their own.
    if (!["BinaryOperation", "UnaryOperation"].includes(node.nodeType)) replace("negation", node, `!(${of(node)})`);
  };
  const swap = (name, start, end) => {
    for (const [one, other] of COUNTERPARTS.flatMap(([a, b]) => [[a, b], [b, a]])) {
      const capital = (word) => word[0].toUpperCase() + word.slice(1);
      const swapped = name.replaceAll(one, other).replaceAll(capital(one), capital(other));
      if (swapped !== name && names.has(swapped)) change("counterpart", start, end, swapped);
    }
  };

  const visitors = {
    BinaryOperation(node) {
      operator(node.operator, node.leftExpression, node.rightExpression);
      if (node.operator === "&&" || node.operator === "||") {
        replace("dropped operand", node, of(node.leftExpression));
        replace("dropped operand", node, of(node.rightExpression));
      }
    },
    Assignment(node) {
      operator(node.operator, node.leftHandSide, node.rightHandSide);
    },
    UnaryOperation(node) {
      if (node.operator === "!") replace("negation", node, of(node.subExpression));
      for (const other of REPLACED_BY[node.operator] ?? []) {
        if (node.operator.length === 2) replace("operator", node, of(node).replace(node.operator, other));
      }
    },
    IfStatement(node) {
      condition(node.condition);
      if (node.falseBody || !leaves(node.trueBody)) return;
      remove("removed guard", node);
      node.trueBody.skipped = true;
    },
    WhileStatement(node) {
      condition(node.condition);
    },
    Conditional(node) {
      condition(node.condition);
    },
    ExpressionStatement(node) {
      remove("removed statement", node);
    },
    EmitStatement(node) {
      remove("removed statement", node);
    },
    RevertStatement(node) {
      remove("removed statement", node);
    },
    YulExpressionStatement(node) {
      replace("removed statement", node, "");
    },
    YulAssignment(node) {
      replace("removed statement", node, "");
    },
    FunctionCall(node) {
      const [object, member] = [node.expression.expression?.name, node.expression.memberName];
      if (object !== "abi" || !["encode", "encodePacked"].includes(member) || node.arguments.length < 2) return;
      node.arguments.forEach((argument, i, all) => {
        // With the comma before it, or after it for the first.
        const [start, end] = i > 0 ? [span(all[i - 1])[1], span(argument)[1]] : [span(argument)[0], span(all[1])[0]];
        change("dropped argument", start, end, "");
      });
    },
    Literal(node) {
      if (node.kind === "bool") replace("constant", node, node.value === "true" ? "false" : "true");
      if (node.kind === "number") for (const other of otherNumbers(of(node))) replace("constant", node, other);
    },
    YulLiteral(node) {
      if (node.kind === "number") for (const other of otherNumbers(of(node))) replace("constant", node, other);
    },
    YulFunctionCall(node) {
      for (const other of YUL_REPLACED_BY[node.functionName.name] ?? []) replace("operator", node.functionName, other);
    },
    Identifier(node) {
      swap(node.name, ...span(node));
    },
    MemberAccess(node) {
      swap(node.memberName, span(node)[1] - Buffer.byteLength(node.memberName), span(node)[1]);
    },
    ModifierInvocation(node) {
      replace("removed modifier", node, "");
    },
  };

  const collect = (node) => {
    if (node.name) names.add(node.name);
    if (node.memberName) names.add(node.memberName);
    children(node).forEach(collect);
  };
  const visit = (node) => {
    if (DECLARATIONS.has(node.nodeType) || node.contractKind === "interface") return;
    const outer = where;
    if (node.nodeType === "ContractDefinition") where = node.name;
    if (node.nodeType === "FunctionDefinition") where += `.${node.name || node.kind}`;
    if (node.nodeType === "ModifierDefinition") where += `.${node.name}`;
    if (node.nodeType === "ForStatement") {
      // What stands in the head of a loop is no statement to remove.
      for (const part of [node.initializationExpression, node.loopExpression]) if (part) part.skipped = true;
    }
    if (!node.skipped) visitors[node.nodeType]?.(node);
    if (node.skipped && node.nodeType === "Block") node.statements[0].skipped = true;
    children(node).forEach(visit);
    if (node.nodeType === "InlineAssembly") visit(node.AST);
    where = outer;
  };
  collect(ast);
  visit(ast);

  const lineAt = (from, start, end) => {
    const first = from.lastIndexOf(10, start - 1) + 1;
    const last = from.indexOf(10, end);
    return from.subarray(first, last < 0 ? from.length : last).toString().trim().replace(/\s+/g, " ");
  };
  const seen = new Map();
  return [...found.values()]
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map((mutant) => {
      const mutated = Buffer.concat([bytes.subarray(0, mutant.start), Buffer.from(mutant.text), bytes.subarray(mutant.end)]);
      const before = lineAt(bytes, mutant.start, mutant.end);
      const after = lineAt(mutated, mutant.start, mutant.start + Buffer.byteLength(mutant.text));
      let key = `${file} ${mutant.function}: ${before} => ${after}`;
      // The same line twice in one function.
      const times = (seen.get(key) ?? 0) + 1;
      seen.set(key, times);
      if (times > 1) key += ` (${times})`;
      const { line, kind } = mutant;
      return { key, file, function: mutant.function, line, kind, before, after, source: mutated.toString() };
    });
}
