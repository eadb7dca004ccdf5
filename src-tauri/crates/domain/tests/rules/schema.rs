//! `docs/rules.schema.json` against what is written and what is refused.

use crate::message::*;
use mailroom_domain::rules::exchange::{export, import};
use serde_json::Value;

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/rules.schema.json");
    let text = std::fs::read_to_string(path).expect("docs/rules.schema.json");
    serde_json::from_str(&text).expect("JSON")
}

/// The keywords of JSON Schema that the file uses; any other fails the test.
fn fits(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("{why}: {value}"));
    let size = |v: &Value| match v {
        Value::Array(list) => list.len(),
        Value::String(text) => text.chars().count(),
        _ => usize::MAX,
    };
    for (key, rule) in schema.as_object().ok_or("a schema is an object")? {
        match key.as_str() {
            "$schema" | "title" | "description" | "$defs" => {}
            "$ref" => {
                let name = rule.as_str().and_then(|r| r.strip_prefix('#')).ok_or("a local $ref")?;
                fits(root, root.pointer(name).ok_or(name)?, value)?;
            }
            "type" => {
                let is = match rule.as_str() {
                    Some("object") => value.is_object(),
                    Some("array") => value.is_array(),
                    Some("string") => value.is_string(),
                    Some("boolean") => value.is_boolean(),
                    Some("integer") => value.is_i64() || value.is_u64(),
                    Some("number") => value.is_number(),
                    _ => return Err(format!("unknown type {rule}")),
                };
                if !is {
                    return wrong("type");
                }
            }
            "const" if value != rule => return wrong("const"),
            "enum" if !rule.as_array().ok_or("enum")?.contains(value) => return wrong("enum"),
            "const" | "enum" => {}
            "minItems" | "minLength" if (size(value) as u64) < rule.as_u64().ok_or("min")? => {
                return wrong(key);
            }
            "maxItems" | "maxLength" if size(value) as u64 > rule.as_u64().ok_or("max")? => {
                return wrong(key);
            }
            "minItems" | "minLength" | "maxItems" | "maxLength" => {}
            "minimum" if value.as_f64() < rule.as_f64() => return wrong("minimum"),
            "maximum" if value.as_f64() > rule.as_f64() => return wrong("maximum"),
            "minimum" | "maximum" => {}
            "minProperties" => {
                if (value.as_object().map_or(0, |o| o.len()) as u64) < rule.as_u64().unwrap_or(0) {
                    return wrong("minProperties");
                }
            }
            "required" => {
                for name in rule.as_array().ok_or("required")? {
                    if value.get(name.as_str().ok_or("a name")?).is_none() {
                        return wrong(&format!("{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, inner) in rule.as_object().ok_or("properties")? {
                    if let Some(found) = value.get(name) {
                        fits(root, inner, found)?;
                    }
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for name in value.as_object().into_iter().flat_map(|o| o.keys()) {
                    if known.is_none_or(|k| !k.contains_key(name)) {
                        return wrong(&format!("{name} is not known"));
                    }
                }
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    fits(root, rule, item)?;
                }
            }
            "oneOf" => {
                let tried: Vec<_> = rule
                    .as_array()
                    .ok_or("oneOf")?
                    .iter()
                    .map(|inner| fits(root, inner, value))
                    .collect();
                if tried.iter().filter(|t| t.is_ok()).count() != 1 {
                    return Err(format!("not one of: {value}"));
                }
            }
            other => return Err(format!("the test does not know the keyword {other}")),
        }
    }
    Ok(())
}

#[test]
fn all_that_is_written_fits_the_schema() {
    let schema = schema();
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..1500 {
        let text = export(&Random(seed).rules(false)).expect("sound rules");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        fits(&schema, &schema, &value).unwrap_or_else(|why| panic!("{why}\n{text}"));
        collect(&value, &mut kinds);
    }
    // Each kind that the schema names was among them, and no other.
    let mut named = std::collections::BTreeSet::new();
    for of in ["condition", "action"] {
        let list = schema.pointer(&format!("/$defs/{of}/oneOf")).and_then(Value::as_array);
        for one in list.expect("a list") {
            let kind = one.pointer("/properties/kind/const").and_then(Value::as_str);
            named.insert(kind.expect("a kind").to_owned());
        }
    }
    assert_eq!(kinds, named);
}

fn collect(value: &Value, into: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            into.extend(object.get("kind").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|inner| collect(inner, into));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, into)),
        _ => {}
    }
}

/// Whatever is taken away or put in somewhere: the schema refuses nothing that is read.
#[test]
fn what_the_schema_refuses_is_not_read() {
    let schema = schema();
    let (mut refused, mut read) = (0, 0);
    for seed in 0..1500 {
        let mut random = Random(seed);
        let text = export(&random.rules(false)).expect("sound rules");
        let mut value: Value = serde_json::from_str(&text).expect("JSON");
        let mut left = random.below(40);
        spoil(&mut value, &mut left, &mut random);
        let told = fits(&schema, &schema, &value);
        let taken = import(&value.to_string());
        match (&told, &taken) {
            (Err(why), Ok(_)) => panic!("read, though {why}\n{value:#}"),
            (Err(_), Err(_)) => refused += 1,
            (Ok(()), _) => read += 1,
        }
    }
    assert!(refused > 300 && read > 100, "{refused} {read}");
}

fn spoil(value: &mut Value, left: &mut usize, random: &mut Random) {
    if *left == 0 {
        *left = usize::MAX;
        *value = match random.below(5) {
            0 => Value::from(false),
            1 => Value::from("x"),
            2 => Value::from(-1),
            3 => serde_json::json!({}),
            _ => serde_json::json!([]),
        };
        return;
    }
    *left -= 1;
    match value {
        Value::Object(object) => {
            if *left == 3 {
                object.insert("more".into(), Value::from(1));
            }
            object.values_mut().for_each(|inner| spoil(inner, left, random));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| spoil(inner, left, random)),
        _ => {}
    }
}
