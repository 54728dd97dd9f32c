//! Text from elsewhere (names in models, messages of nodes, file names) before it meets a terminal.

/// Whether a terminal would obey the character, or show something else than what is there.
pub fn is_hidden(c: char) -> bool {
    let turns_text_around = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns_text_around || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The text without characters that control a terminal; line breaks stay.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// The text on one line of at most `most` characters.
pub fn single_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = visible(&line).chars().take(most).collect();
    if short.len() < line.len() && line.chars().count() > most {
        short.push('…');
    }
    short
}

/// A JSON document with those characters written as escapes: nothing is lost.
pub fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_hidden(c) {
            // All of them are in the basic plane, and inside strings.
            escaped += &format!("\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_controls_it() {
        assert_eq!(visible("a\u{1b}[2Jb\u{9b}c\nd"), "a\u{fffd}[2Jb\u{fffd}c\nd");
        assert_eq!(single_line(" a\r\nb\tc\u{202e} ", 9), "a b c\u{fffd}");
        assert_eq!(single_line("abcdef", 3), "abc…");
        assert_eq!(single_line("äöü", 3), "äöü");
        let text = "a\u{9b}\u{7f}\u{202e}b";
        let json = escaped(&serde_json::to_string(text).expect("JSON"));
        assert!(json.is_ascii());
        assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
    }
}
