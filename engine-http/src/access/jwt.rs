//! Access tokens: short-lived, signed with HMAC-SHA256 and nothing else, bound to a session that can be ended.

use engine_core::model::Timestamp;
use engine_core::store::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{RefreshTokens, SignIn};
use crate::problem::ApiError;

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: UserId,
    /// The session.
    pub(crate) sid: Uuid,
    iss: String,
    aud: String,
    iat: i64,
    pub(crate) exp: i64,
}

/// Makes and reads access tokens.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    issuer: String,
    seconds: i64,
    pub(crate) refresh: RefreshTokens,
}

const AUDIENCE: &str = "engine";

impl Tokens {
    pub(crate) fn new(sign_in: &SignIn) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&sign_in.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        Self {
            encoding: EncodingKey::from_secret(&sign_in.secret),
            decoding: DecodingKey::from_secret(&sign_in.secret),
            validation,
            issuer: sign_in.issuer.clone(),
            refresh: RefreshTokens::new(&sign_in.secret),
            seconds: i64::try_from(sign_in.access_lifetime.as_secs()).unwrap_or(i64::MAX),
        }
    }

    /// How long an access token is good.
    pub(crate) fn seconds(&self) -> i64 {
        self.seconds
    }

    /// A token for a session.
    pub(crate) fn issue(&self, user: UserId, session: Uuid, now: Timestamp) -> Result<String, ApiError> {
        let iat = now.as_millis() / 1000;
        let exp = iat.saturating_add(self.seconds);
        let claims = Claims { sub: user, sid: session, iss: self.issuer.clone(), aud: AUDIENCE.to_owned(), iat, exp };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(|_| ApiError::internal())
    }

    /// What a good token says.
    pub(crate) fn read(&self, token: &str) -> Option<Claims> {
        decode::<Claims>(token, &self.decoding, &self.validation).ok().map(|token| token.claims)
    }
}
