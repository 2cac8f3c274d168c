//! TOTP: one-time passwords that change with time (RFC 6238), from the secret of a credential.

use async_trait::async_trait;
use engine_core::credential::Credential;
use engine_core::model::{Item, Json, Timestamp};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed};
use engine_core::schema::{CredentialUse, NodeGroup, NodeSchema, Property, ShowRule};
use serde_json::json;

use super::digest::Algorithm;
use crate::node_type::{Compiled, ready};
use crate::settings::Settings;

const ALGORITHMS: [&str; 9] = ["SHA1", "SHA224", "SHA256", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512", "SHA384", "SHA512"];

pub(super) fn schema() -> NodeSchema {
    let options = [
        Property::options("algorithm", ALGORITHMS),
        Property::number("digits", 6).description("How many digits the password has"),
        Property::number("period", 30).description("For how many seconds a password is valid"),
    ];
    NodeSchema::new("totp", "TOTP")
        .alias("n8n-nodes-base.totp")
        .group(NodeGroup::Transform)
        .description("Makes a one-time password")
        .credential(CredentialUse { kind: "totpApi".to_owned(), required: true, show: ShowRule::default() })
        .property(Property::options("operation", ["generateSecret"]))
        .property(Property::collection("options", options).show("operation", ["generateSecret"]))
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    ready(Totp { parameters: spec.typed()? })
}

struct Totp {
    parameters: Typed<Json>,
}

#[async_trait]
impl Node for Totp {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let credential = context.credential("totpApi").await?;
        let secret = secret(&credential)?;
        let parameters = self.parameters.at(&context.scope(0)).await?;
        let plan = Plan::new(Settings::new(&parameters).group("options"))?;
        let (token, left) = plan.password(&secret, context.now());
        let json = Json::from_iter([("token".to_owned(), json!(token)), ("secondsRemaining".to_owned(), json!(left))]);
        let item = Item::new(json);
        Ok((0..context.items().len()).map(|index| item.clone().paired_with(index)).collect::<Vec<_>>().into())
    }
}

/// The secret of a credential.
fn secret(credential: &Credential) -> Result<Vec<u8>, NodeError> {
    if !credential.text("label").contains(':') {
        return Err(NodeError::fatal("Malformed label - expected `issuer:username`"));
    }
    base32(credential.text("secret"))
}

/// Makes a password from a credential, with the usual settings.
pub(super) fn try_out(credential: &Credential, now: Timestamp) -> Result<(), NodeError> {
    let secret = secret(credential)?;
    if secret.is_empty() {
        return Err(NodeError::fatal("there is no secret in the credential"));
    }
    let nothing_set = Json::new();
    Plan::new(Settings::new(&nothing_set))?.password(&secret, now);
    Ok(())
}

/// How passwords are made.
struct Plan {
    algorithm: Algorithm,
    digits: usize,
    period: f64,
}

impl Plan {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before the cast")]
    fn new(options: Settings<'_>) -> Result<Self, NodeError> {
        let name = options.filled("algorithm").unwrap_or_else(|| "SHA1".to_owned());
        let algorithm = Algorithm::named(&name).ok_or_else(|| NodeError::fatal(format!("Unknown hash algorithm: {name}")))?;
        let number = |name: &str, default: f64| options.number(name).filter(|number| *number != 0.0).unwrap_or(default);
        let (digits, period) = (number("digits", 6.0), number("period", 30.0));
        if !(1.0..=100.0).contains(&digits) {
            return Err(NodeError::fatal("the number of digits must be between 1 and 100"));
        }
        if period.is_nan() || period < 1.0 {
            return Err(NodeError::fatal("the period must be at least one second"));
        }
        Ok(Self { algorithm, digits: digits as usize, period })
    }

    /// The password of this moment, and for how many whole seconds it stays valid.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "times are positive and far below 2^53 ms"
    )]
    fn password(&self, secret: &[u8], now: Timestamp) -> (String, i64) {
        let periods = now.as_millis() as f64 / 1000.0 / self.period;
        let mac = self.algorithm.mac(secret, &(periods.floor() as u64).to_be_bytes());
        let offset = usize::from(mac.last().copied().unwrap_or(0) & 15);
        let number = mac.iter().skip(offset).take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
        let kept = 10_u64.checked_pow(u32::try_from(self.digits).unwrap_or(u32::MAX)).map_or(u64::from(number), |bound| u64::from(number) % bound);
        (format!("{kept:0width$}", width = self.digits), (self.period * (1.0 - periods.fract())) as i64)
    }
}

/// The bytes of a text in base 32 (RFC 4648); spaces and case do not count.
fn base32(text: &str) -> Result<Vec<u8>, NodeError> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.trim_end_matches('=').chars().filter(|c| *c != ' ') {
        let value = match letter.to_ascii_uppercase() {
            upper @ 'A'..='Z' => u32::from(upper) - u32::from('A'),
            digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
            // The letter is not shown: it is part of a secret.
            _ => return Err(NodeError::fatal("the secret of the credential is no text in base 32")),
        };
        (bits, count) = (bits << 5 | value, count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or(0));
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn password(secret: &str, options: &Value, seconds: i64) -> Result<(String, i64), String> {
        let plan = Plan::new(Settings::new(options.as_object().unwrap())).map_err(|error| error.message().to_owned())?;
        let secret = base32(secret).map_err(|error| error.message().to_owned())?;
        Ok(plan.password(&secret, Timestamp::from_millis(seconds * 1000)))
    }

    #[test]
    fn passwords_of_rfc_6238() {
        let check = |secret: &str, algorithm: &str, seconds: i64, expect: (&str, i64)| {
            let got = password(secret, &json!({"algorithm": algorithm, "digits": 8}), seconds).unwrap();
            assert_eq!(got, (expect.0.to_owned(), expect.1), "{algorithm} {seconds}");
        };
        let (short, long) = ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA");
        check(short, "SHA1", 59, ("94287082", 1));
        // One second is left; n8n rounds 0.99999 down.
        check(short, "SHA1", 1_111_111_109, ("07081804", 0));
        check(long, "SHA256", 59, ("46119246", 1));
        check("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "SHA1", 60, ("37359152", 30));
    }

    #[test]
    fn options_have_defaults_and_bounds() {
        let check = |options: Value, expect: Result<(&str, i64), &str>| {
            let got = password("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", &options, 59);
            assert_eq!(got, expect.map(|(token, left)| (token.to_owned(), left)).map_err(str::to_owned), "{options}");
        };
        check(json!({}), Ok(("287082", 1)));
        check(json!({"digits": 0, "period": ""}), Ok(("287082", 1)));
        check(json!({"period": 60}), Ok(("755224", 1)));
        check(json!({"digits": 12}), Ok(("001094287082", 1)));
        check(json!({"digits": 1e9}), Err("the number of digits must be between 1 and 100"));
        check(json!({"period": -5}), Err("the period must be at least one second"));
        check(json!({"algorithm": "SHA0"}), Err("Unknown hash algorithm: SHA0"));
    }

    #[test]
    fn a_broken_secret_is_not_shown() {
        assert_eq!(password("GEZ!1", &json!({}), 0).unwrap_err(), "the secret of the credential is no text in base 32");
    }
}
