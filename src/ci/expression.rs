//! Expressions of workflows (`${{ … }}` and `if:`), as far as rel writes them and people weaken them.
//!
//! Operators, literals, dotted lookups, and the functions `success`, `failure`, `always`, `cancelled` and
//! `toJSON`. Whatever is not there is nothing, as on GitHub; what cannot be read is an error and no value, so
//! that nothing is taken for true. Texts are compared without their case; what is not of one type is compared as
//! numbers. From GitHub's page "Evaluate expressions in workflows and actions", and from its runner's source
//! (`ExpressionUtility`), which knows more numbers than the page.

use std::cmp::Ordering;

use serde_json::Value;

/// What expressions can look up.
pub struct Context {
    /// All contexts by name, as one object.
    pub values: Value,
    /// Whether a job, or a step, before this one has failed.
    pub failed: bool,
    /// Whether one that it needs was left out.
    pub skipped: bool,
}

/// A text with its expressions replaced by what they are.
///
/// # Errors
/// One cannot be read: why.
pub fn text(template: &str, context: &Context) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("${{") {
        let end = rest[start..].find("}}").ok_or("an expression does not end")? + start;
        out.push_str(&rest[..start]);
        out.push_str(&shown(&value(&rest[start + 3..end], context)?));
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether a job or a step runs. Without a function that asks how others ended, all have to have ended well.
///
/// # Errors
/// The condition cannot be read: why.
pub fn runs(condition: Option<&str>, context: &Context) -> Result<bool, String> {
    let well = !context.failed && !context.skipped;
    let Some(condition) = condition else { return Ok(well) };
    let inner = condition.trim();
    let inner = inner.strip_prefix("${{").and_then(|text| text.strip_suffix("}}")).unwrap_or(inner);
    let asks = ["success(", "failure(", "always(", "cancelled("];
    let holds = is_true(&value(inner, context)?);
    Ok(holds && (well || asks.iter().any(|name| inner.contains(name))))
}

fn value(expression: &str, context: &Context) -> Result<Value, String> {
    let tokens = tokens(expression)?;
    let mut reader = Reader { tokens: &tokens, at: 0, context };
    let value = reader.either()?;
    match reader.tokens.get(reader.at) {
        None => Ok(value),
        Some(_) => Err(format!("`{}` cannot be read", expression.trim())),
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Sign(&'static str),
    Text(String),
    Word(String),
}

const SIGNS: [&str; 8] = ["||", "&&", "==", "!=", "!", "(", ")", ","];

fn tokens(expression: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while !rest.is_empty() {
        let length = if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            sign.len()
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            let (text, length) = quoted_text(quoted)?;
            tokens.push(Token::Text(text));
            length
        } else {
            let known = |c: char| c.is_ascii_alphanumeric() || "._-*".contains(c);
            let length = rest.find(|c| !known(c)).unwrap_or(rest.len());
            if length == 0 {
                return Err(format!("`{}` cannot be read", expression.trim()));
            }
            tokens.push(Token::Word(rest[..length].to_owned()));
            length
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// What stands up to the closing quote, of which two are one, and how long it was with both quotes.
fn quoted_text(text: &str) -> Result<(String, usize), String> {
    let mut from = 0;
    loop {
        let end = text[from..].find('\'').ok_or("a text does not end")? + from;
        if !text[end + 1..].starts_with('\'') {
            return Ok((text[..end].replace("''", "'"), end + 2));
        }
        from = end + 2;
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    context: &'a Context,
}

impl Reader<'_> {
    fn takes(&mut self, sign: &'static str) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Value, String> {
        let mut left = self.both()?;
        while self.takes("||") {
            let right = self.both()?;
            left = if is_true(&left) { left } else { right };
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Value, String> {
        let mut left = self.equal()?;
        while self.takes("&&") {
            let right = self.equal()?;
            left = if is_true(&left) { right } else { left };
        }
        Ok(left)
    }

    fn equal(&mut self) -> Result<Value, String> {
        let left = self.single()?;
        if self.takes("==") {
            return Ok(same(&left, &self.single()?).into());
        }
        if self.takes("!=") {
            return Ok((!same(&left, &self.single()?)).into());
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Value, String> {
        if self.takes("!") {
            return Ok((!is_true(&self.single()?)).into());
        }
        if self.takes("(") {
            let inner = self.either()?;
            return if self.takes(")") { Ok(inner) } else { Err("a bracket is left open".into()) };
        }
        let token = self.tokens.get(self.at);
        self.at += 1;
        match token {
            Some(Token::Text(text)) => Ok(text.as_str().into()),
            Some(Token::Word(word)) if self.takes("(") => self.call(word),
            Some(Token::Word(word)) => Ok(self.lookup(word)),
            _ => Err("an expression ends too early".into()),
        }
    }

    fn call(&mut self, name: &str) -> Result<Value, String> {
        let given = if self.takes(")") { None } else { Some(self.either()?) };
        if given.is_some() && !self.takes(")") {
            return Err(format!("`{name}` is given too much"));
        }
        match (name.to_ascii_lowercase().as_str(), given) {
            ("success", None) => Ok((!self.context.failed && !self.context.skipped).into()),
            ("failure", None) => Ok(self.context.failed.into()),
            ("always", None) => Ok(true.into()),
            ("cancelled", None) => Ok(false.into()),
            ("tojson", Some(value)) => Ok(value.to_string().into()),
            _ => Err(format!("`{name}(…)` is not known here")),
        }
    }

    fn lookup(&self, word: &str) -> Value {
        match word {
            "true" => return true.into(),
            "false" => return false.into(),
            "null" => return Value::Null,
            _ => {}
        }
        if let Ok(whole) = word.parse::<i64>() {
            return whole.into();
        }
        if word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
            return number(word).into();
        }
        let step = |value: Option<Value>, key: &str| value?.get(key).cloned();
        word.split('.').fold(Some(self.context.values.clone()), step).unwrap_or(Value::Null)
    }
}

/// Whether two values are equal: texts by their letters, truths as they are, all else as numbers.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => upper(one).eq(upper(other)),
        // Objects and lists are no numbers; that one is equal to itself, nobody asks.
        _ => {
            let (one, other) = (as_number(one), as_number(other));
            one.partial_cmp(&other) == Some(Ordering::Equal)
        }
    }
}

/// Letter by letter; what has two capitals for one letter stays.
fn upper(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(|c| {
        let mut capitals = c.to_uppercase();
        match (capitals.next(), capitals.next()) {
            (Some(capital), None) => capital,
            _ => c,
        }
    })
}

fn as_number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) => number(text),
        Value::Array(_) | Value::Object(_) => f64::NAN,
    }
}

/// A text as a number; an empty one is 0.
fn number(text: &str) -> f64 {
    let text = text.trim();
    let based = [("0x", 16), ("0o", 8)].into_iter().find_map(|(start, base)| {
        let digits = text.strip_prefix(start)?;
        Some(u32::from_str_radix(digits, base).map_or(f64::NAN, f64::from))
    });
    // Words that the standard library takes for numbers are none there, or are written otherwise.
    let plain = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    match based {
        Some(number) => number,
        None if text.is_empty() => 0.0,
        None if text.chars().all(plain) => text.parse().unwrap_or(f64::NAN),
        None => f64::NAN,
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => "Object".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context(failed: bool) -> Context {
        let values = json!({
            "github": { "event_name": "push" },
            "inputs": { "live": true, "note": "it's" },
            "needs": { "build": { "result": "success", "outputs": { "bundle": "c0ffee" } } },
        });
        Context { values, failed, skipped: false }
    }

    #[test]
    fn what_rel_writes_is_read() {
        for (template, wanted) in [
            ("${{ needs.build.outputs.bundle }}", "c0ffee"),
            ("${{ needs.other.outputs.bundle }}", ""),
            ("a-${{github.event_name}}-b", "a-push-b"),
            ("${{ inputs.level || 'it''s' }}", "it's"),
            ("${{ toJSON(inputs.live) != 'false' }}", "true"),
            ("${{ github.event_name == 'pull_request' }}", "false"),
            ("${{ toJSON(needs.build.outputs) }}", "{\"bundle\":\"c0ffee\"}"),
            ("no expression", "no expression"),
        ] {
            assert_eq!(text(template, &context(false)).as_deref(), Ok(wanted), "{template}");
        }
        for bad in [
            "${{ a",
            "${{ 'a }}",
            "${{ f(x) }}",
            "${{ (a }}",
            "${{ a b }}",
            "${{ a[0] }}",
            "${{ }}",
        ] {
            assert!(text(bad, &context(false)).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_of_one_type_is_compared_as_numbers() {
        for (condition, holds) in [
            // By hand, with a box that is ticked: a truth is no text.
            ("inputs.live == 'true'", false),
            ("inputs.live != 'true'", true),
            ("inputs.live == true", true),
            ("inputs.live == 1", true),
            ("inputs.live == '1'", true),
            // A pushed tag has no inputs: nothing is as much as false, and as an empty text.
            ("inputs.none != false", false),
            ("inputs.none == ''", true),
            ("inputs.none == 0", true),
            ("inputs.none == null", true),
            ("inputs.none == 'false'", false),
            ("false == ''", true),
            ("github.event_name == 'PUSH'", true),
            ("'\u{e4}' == '\u{c4}'", true),
            ("'a' == 'b'", false),
            ("'1.0' == '1'", false),
            ("'1.0' == 1", true),
            (" ' 12 ' == 12", true),
            ("'0x1F' == 31", true),
            ("1.5 == '15e-1'", true),
            ("'x' == 0", false),
            ("'x' != 0", true),
            ("'nan' != 0", true),
        ] {
            assert_eq!(runs(Some(condition), &context(false)), Ok(holds), "{condition}");
        }
    }

    #[test]
    fn conditions_ask_how_others_ended_unless_they_say_otherwise() {
        let live = "github.event_name != 'workflow_dispatch' || inputs.live";
        for (condition, well, badly) in [
            (None, true, false),
            (Some("failure()"), false, true),
            (Some("always()"), true, true),
            (Some("${{ !failure() }}"), true, false),
            (Some(live), true, false),
            (Some("!(inputs.live) && always()"), false, false),
        ] {
            assert_eq!(runs(condition, &context(false)), Ok(well), "{condition:?}");
            assert_eq!(runs(condition, &context(true)), Ok(badly), "{condition:?}");
        }
    }
}
