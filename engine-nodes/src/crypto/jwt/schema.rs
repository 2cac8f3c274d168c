//! The parameters of JWT.

use engine_core::schema::{CredentialUse, NodeGroup, NodeSchema, Property, ShowRule};

const ALGORITHMS: [&str; 12] = ["ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
const EXAMPLE: &str = "{\n  \"my_field_1\": \"value 1\",\n  \"my_field_2\": \"value 2\"\n}\n";

pub(in crate::crypto) fn schema() -> NodeSchema {
    let signed = |property: Property| property.show("operation", ["sign"]);
    NodeSchema::new("jwt", "JWT")
        .alias("n8n-nodes-base.jwt")
        .group(NodeGroup::Transform)
        .description("Signs, checks and reads JSON Web Tokens")
        .credential(CredentialUse { kind: "jwtAuth".to_owned(), required: true, show: ShowRule::default() })
        .property(Property::options("operation", ["decode", "sign", "verify"]).default("sign"))
        .property(signed(Property::boolean("useJson", false)).description("Whether the payload is written as JSON"))
        .property(signed(Property::collection("claims", claims())).show("useJson", [false]))
        .property(signed(Property::json("claimsJson", EXAMPLE)).show("useJson", [true]))
        .property(signed(Property::json("headerClaims", "{}")).description("More fields for the header"))
        .property(Property::string("token").required().show("operation", ["verify", "decode"]))
        .property(Property::collection("options", options()))
}

fn claims() -> [Property; 6] {
    [
        Property::string("audience"),
        Property::number("expiresIn", 3600),
        Property::string("issuer"),
        Property::string("jwtid"),
        Property::number("notBefore", 0),
        Property::string("subject"),
    ]
}

fn options() -> [Property; 6] {
    let verified = |property: Property| property.show("/operation", ["verify"]);
    [
        Property::boolean("complete", false).show("/operation", ["verify", "decode"]).description("Whether header and signature are shown too"),
        verified(Property::boolean("ignoreExpiration", false)),
        verified(Property::boolean("ignoreNotBefore", false)),
        verified(Property::number("clockTolerance", 0)).description("By how many seconds clocks may differ"),
        Property::string("kid").show("/operation", ["sign"]).description("The id of the key, for the header"),
        Property::options("algorithm", ALGORITHMS).default("HS256").show("/operation", ["sign", "verify"]),
    ]
}
