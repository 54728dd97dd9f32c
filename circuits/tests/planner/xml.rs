//! As much of XML as drawings use: enough to say whether a document is well-formed.

use std::collections::BTreeMap;

/// An element, without what is inside of it.
#[derive(Default)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub text: String,
}

/// All elements in the order in which they begin, or what is wrong with the document.
pub fn parse(document: &str) -> Result<Vec<Element>, String> {
    if let Some(c) = document.chars().find(|&c| !allowed(c)) {
        return Err(format!("{c:?} is no character of XML"));
    }
    let (mut elements, mut open): (Vec<Element>, Vec<usize>) = (vec![], vec![]);
    let mut rest = document;
    while let Some((before, markup)) = rest.split_once('<') {
        match open.last() {
            Some(&inside) => elements[inside].text += &decode(before)?,
            None if before.trim().is_empty() => {}
            None => return Err(format!("{before:?} stands outside of the root")),
        }
        rest = if let Some(closing) = markup.strip_prefix('/') {
            let (name, rest) = closing.split_once('>').ok_or("an unfinished tag")?;
            let inside = open.pop().ok_or_else(|| format!("{name} was not open"))?;
            if elements[inside].name != name {
                return Err(format!("{} is closed as {name}", elements[inside].name));
            }
            rest
        } else {
            if open.is_empty() && !elements.is_empty() {
                return Err("two roots".into());
            }
            let (element, stays_open, rest) = tag(markup)?;
            if stays_open {
                open.push(elements.len());
            }
            elements.push(element);
            rest
        };
    }
    match (open.is_empty(), rest.trim()) {
        (true, "") if !elements.is_empty() => Ok(elements),
        (true, rest) => Err(format!("no root, or {rest:?} after it")),
        (false, _) => Err("an element is never closed".into()),
    }
}

/// What follows an opening bracket: the element, whether it has an inside, what comes after the tag.
fn tag(markup: &str) -> Result<(Element, bool, &str), String> {
    let (name, mut rest) = name(markup)?;
    let mut element = Element { name: name.into(), ..Element::default() };
    loop {
        let trimmed = rest.trim_start();
        if let Some(rest) = trimmed.strip_prefix("/>") {
            return Ok((element, false, rest));
        }
        if let Some(rest) = trimmed.strip_prefix('>') {
            return Ok((element, true, rest));
        }
        if trimmed.len() == rest.len() {
            return Err(format!("no space before an attribute of {name}"));
        }
        let (key, value) = self::name(trimmed)?;
        let (value, after) =
            value.strip_prefix("=\"").and_then(|v| v.split_once('"')).ok_or(format!("{key} has no quoted value"))?;
        if value.contains('<') || element.attributes.insert(key.into(), decode(value)?).is_some() {
            return Err(format!("{key} is given twice, or has a bracket in its value"));
        }
        rest = after;
    }
}

fn name(text: &str) -> Result<(&str, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    match text.split_at(end) {
        ("", rest) => Err(format!("no name before {:?}", rest.chars().take(20).collect::<String>())),
        split => Ok(split),
    }
}

/// Text with its entities replaced.
fn decode(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').ok_or_else(|| format!("a bare & before {part:?}"))?;
        decoded.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            other => return Err(format!("entity {other:?}")),
        });
        decoded += rest;
    }
    Ok(decoded)
}

/// XML 1.0, production 2.
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[test]
fn broken_documents_are_recognised() {
    for whole in ["<a/>", "<a b=\"1\" c=\"&lt;\">x &amp; y<b/></a>\n"] {
        assert!(parse(whole).is_ok(), "{whole}");
    }
    for broken in [
        "",
        "text",
        "<a>",
        "</a>",
        "<a></b>",
        "<a><b></a></b>",
        "<a/><a/>",
        "<a>&</a>",
        "<a>&nbsp;</a>",
        "<a",
        "<a b=1/>",
        "<a b=\"1\" b=\"1\"/>",
        "<a b=\"1\"c=\"1\"/>",
        "<a b=\"<\"/>",
        "<a>\u{1}</a>",
        "<a/>x",
        "<>",
    ] {
        assert!(parse(broken).is_err(), "{broken}");
    }
}
