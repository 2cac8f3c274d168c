//! Made-up data.

use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::runtime::Runtime;
use serde_json::{Value, json};

/// The kinds of data.
pub(super) const KINDS: [&str; 12] =
    ["user", "address", "latLong", "creditCard", "email", "ipv4", "ipv6", "macAddress", "nanoid", "url", "uuid", "semver"];

/// What random names are made of unless another alphabet is given.
pub(super) const LETTERS: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

const FIRST_NAMES: [&str; 12] = ["Ada", "Ben", "Chloe", "Dario", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kofi", "Lena"];
const LAST_NAMES: [&str; 12] = ["Abbott", "Brandt", "Costa", "Diaz", "Eriksen", "Fischer", "Gupta", "Haddad", "Ito", "Jensen", "Kowalski", "Lopez"];
const PLACES: [&str; 8] = ["Berlin", "Porto", "Leeds", "Lyon", "Osaka", "Accra", "Quito", "Turku"];
const STREETS: [&str; 6] = ["Mill Lane", "Station Road", "High Street", "Garden Walk", "River Bank", "Oak Avenue"];

/// Most items at once.
const MOST: f64 = 10_000.0;

/// The items that the parameters ask for. With a seed they are always the same.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast, which gives 0 for NaN")]
pub(super) fn items(parameters: &Value, runtime: &dyn Runtime) -> Vec<Item> {
    let text = |key: &str| parameters.get(key).map(|value| js::to_string(value).into_owned()).unwrap_or_default();
    let seed = text("randomDataSeed");
    let mut dice = Dice(if seed.is_empty() { runtime.random() } else { seed.bytes().fold(0xcbf2_9ce4_8422_2325, fold) });
    let count = parameters.get("randomDataCount").map_or(10.0, js::to_number).clamp(0.0, MOST) as usize;
    let kind = text("randomDataType");
    let made: Vec<Json> = (0..count).map(|_| one(&kind, (&text("nanoidAlphabet"), &text("nanoidLength")), &mut dice)).collect();
    if parameters.get("randomDataSingleArray") == Some(&Value::Bool(true)) {
        return vec![Item::new(Json::from_iter([("generatedItems".to_owned(), made.into_iter().map(Value::Object).collect())]))];
    }
    made.into_iter().map(Item::new).collect()
}

/// FNV-1a.
fn fold(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// A stream of numbers that looks random: the generator of Steele, Lea and Flood (2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        let index = self.below(choices.len() as u64);
        choices[usize::try_from(index).unwrap_or(0)]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap_or(0))).collect()
    }

    fn hex(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from_digit(u32::try_from(self.below(16)).unwrap_or(0), 16).unwrap_or('0')).collect()
    }
}

fn one(kind: &str, (alphabet, length): (&str, &str), dice: &mut Dice) -> Json {
    let (first, last) = (dice.pick(&FIRST_NAMES), dice.pick(&LAST_NAMES));
    let mail = format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase());
    let made = match kind {
        "address" => json!({
            "firstname": first, "lastname": last, "street": format!("{} {}", dice.below(200) + 1, dice.pick(&STREETS)),
            "city": dice.pick(&PLACES), "zip": dice.digits(5),
        }),
        "latLong" => json!({"location": format!("{}, {}", angle(dice, 90), angle(dice, 180))}),
        "creditCard" => {
            json!({"type": "Visa", "number": format!("4{}", dice.digits(15)), "ccv": dice.digits(3), "exp": "01/30", "holder_name": format!("{first} {last}")})
        }
        "email" => json!({"email": mail, "confirmed": dice.below(2) == 1}),
        "ipv4" => json!({"ip": (0..4).map(|_| dice.below(256).to_string()).collect::<Vec<_>>().join(".")}),
        "ipv6" => json!({"ipv6": (0..8).map(|_| dice.hex(4)).collect::<Vec<_>>().join(":")}),
        "macAddress" => json!({"mac": (0..6).map(|_| dice.hex(2)).collect::<Vec<_>>().join(":")}),
        "nanoid" => json!({"nanoId": name(alphabet, length, dice)}),
        "url" => json!({"url": format!("https://{}.example.com/", last.to_lowercase())}),
        "uuid" => json!({"uuid": uuid(dice)}),
        "semver" => json!({"version": format!("{}.{}.{}", dice.below(10), dice.below(20), dice.below(40))}),
        _ => json!({"uid": uuid(dice), "email": mail, "firstname": first, "lastname": last, "password": name(LETTERS, "12", dice)}),
    };
    if let Value::Object(fields) = made { fields } else { Json::new() }
}

/// A random version 4 UUID.
fn uuid(dice: &mut Dice) -> String {
    let variant = dice.pick(&["8", "9", "a", "b"]);
    format!("{}-{}-4{}-{variant}{}-{}", dice.hex(8), dice.hex(4), dice.hex(3), dice.hex(3), dice.hex(12))
}

fn name(alphabet: &str, length: &str, dice: &mut Dice) -> String {
    let letters: Vec<char> = if alphabet.is_empty() { LETTERS.chars().collect() } else { alphabet.chars().collect() };
    let length = length.parse::<usize>().unwrap_or(16).min(1000);
    let bound = letters.len() as u64;
    (0..length).filter_map(|_| letters.get(usize::try_from(dice.below(bound)).unwrap_or(0))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a few digits of an angle")]
fn angle(dice: &mut Dice, bound: u64) -> f64 {
    (dice.below(bound * 20_000) as f64 / 10_000.0) - bound as f64
}
