//! Signed tokens: the session that a person holds, and the identity that the gateway hands to services. Both are JWTs
//! with EdDSA; they differ in audience and lifetime, so that neither passes for the other.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::key::{SigningKey, TrustedKeys, is_genuine};
use crate::clock::Clock;
use crate::post::{Duty, Level, Role};

/// What a token says. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed: `gateway` or a service.
    pub iss: String,
    /// Whom it is for: `junheng-session` or `junheng-service`.
    pub aud: String,
    /// The account or service it speaks of.
    pub sub: String,
    /// The session's id.
    pub jti: String,
    /// When it was issued.
    pub iat: i64,
    /// When it begins to hold.
    pub nbf: i64,
    /// When it ends.
    pub exp: i64,
    /// The role, for example `county.approver`.
    pub role: String,
    /// The organisation of the post.
    pub organisation: String,
    /// The name of the person or system.
    pub name: String,
    /// The number of the department whose system a partner is; 0 for everybody else.
    #[serde(default, skip_serializing_if = "is_none")]
    pub department: i32,
}

/// Why a token is refused. Callers are told one thing for all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TokenError {
    /// Not a token, or the signature is not the issuer's.
    #[error("the token is not genuine")]
    NotGenuine,
    /// Nobody here trusts the issuer, or not for this.
    #[error("the issuer is not trusted for this")]
    NotTrusted,
    /// Before its time or after it.
    #[error("the token does not hold now")]
    NotNow,
}

/// Whether a number means nothing; tokens of all but partners do not mention it.
fn is_none(number: &i32) -> bool {
    *number == 0
}

/// Signs claims.
pub fn sign(key: &SigningKey, claims: &Claims) -> Result<String, TokenError> {
    install_provider();
    let seed = EncodingKey::from_ed_der(key.to_config().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &seed)
        .map_err(|_| TokenError::NotGenuine)
}

/// Reads a token for `audience`: genuine, from a trusted issuer, holding now. The gateway speaks for people and never for
/// a service, a service for itself and in no other role.
pub fn verify(
    token: &str,
    trusted: &TrustedKeys,
    audience: &str,
    clock: &Clock,
) -> Result<Claims, TokenError> {
    install_provider();
    // The issuer is needed to find the key; it is believed only once the signature holds.
    let unproven: Claims = jsonwebtoken::dangerous::insecure_decode(token)
        .map_err(|_| TokenError::NotGenuine)?
        .claims;
    let public = trusted.get(&unproven.iss).ok_or(TokenError::NotTrusted)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[&unproven.iss]);
    validation.set_required_spec_claims(&["exp", "nbf", "iat", "aud", "iss", "sub", "jti"]);
    // Times are judged below by the one clock, without leeway.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims: Claims =
        jsonwebtoken::decode(token, &DecodingKey::from_ed_der(public), &validation)
            .map_err(|_| TokenError::NotGenuine)?
            .claims;
    let now = clock.now_micros() / 1_000_000;
    if now < claims.nbf || now >= claims.exp {
        return Err(TokenError::NotNow);
    }
    let service = Role::new(Level::Province, Duty::Service).to_string();
    let is_service = claims.role == service;
    let may_say_so = match claims.iss.as_str() {
        "gateway" => !is_service,
        issuer => is_service && claims.sub == format!("services/{issuer}"),
    };
    if may_say_so {
        Ok(claims)
    } else {
        Err(TokenError::NotTrusted)
    }
}

struct Ed25519Signer(SigningKey);

impl Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self.0.sign(message))
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Ed25519Verifier(Vec<u8>);

impl Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        if is_genuine(&self.0, message, signature) {
            Ok(())
        } else {
            Err(SignatureError::new())
        }
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// Signs with ring, which the suite has anyway: the library's own providers bring a second cipher suite along.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => std::str::from_utf8(key.as_bytes())
            .ok()
            .and_then(|seed| SigningKey::from_config(seed).ok())
            .map(|key| Box::new(Ed25519Signer(key)) as Box<dyn JwtSigner>)
            .ok_or_else(|| ErrorKind::InvalidEddsaKey.into()),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => Ok(Box::new(Ed25519Verifier(key.try_get_as_bytes()?.to_vec()))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn install_provider() {
    static ONCE: Once = Once::new();
    // An earlier installation can only be this one: nothing else in the suite depends on the library.
    ONCE.call_once(|| {
        let _installed_before = PROVIDER.install_default();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(issuer: &str, subject: &str, now: i64) -> Claims {
        Claims {
            iss: issuer.into(),
            aud: "junheng-service".into(),
            sub: subject.into(),
            jti: "1".into(),
            iat: now,
            nbf: now,
            exp: now + 60,
            role: "county.approver".into(),
            organisation: "regions/630103".into(),
            name: "测试".into(),
            department: 0,
        }
    }

    #[test]
    fn the_department_of_a_partner_is_signed_and_nobody_elses_token_mentions_one() {
        let (clock, key) = (Clock::default(), SigningKey::generate().unwrap());
        let mut trusted = TrustedKeys::default();
        trusted.trust("gateway", key.public());
        let now = clock.now_micros() / 1_000_000;
        let officer = claims("gateway", "accounts/1", now);
        let partner = Claims {
            role: "county.partner".into(),
            department: 2,
            ..officer.clone()
        };
        for (claims, mentioned) in [(officer, false), (partner, true)] {
            let token = sign(&key, &claims).unwrap();
            let read = verify(&token, &trusted, "junheng-service", &clock);
            assert_eq!(read, Ok(claims.clone()));
            let text = serde_json::to_string(&claims).unwrap();
            assert_eq!(text.contains("department"), mentioned);
        }
    }

    #[test]
    fn a_token_holds_for_its_audience_and_its_time_only() {
        let (clock, key) = (Clock::default(), SigningKey::generate().unwrap());
        let mut trusted = TrustedKeys::default();
        trusted.trust("gateway", key.public());
        let now = clock.now_micros() / 1_000_000;
        let token = sign(&key, &claims("gateway", "accounts/1", now)).unwrap();
        let read = |audience| verify(&token, &trusted, audience, &clock);
        assert_eq!(read("junheng-service").unwrap().sub, "accounts/1");
        assert_eq!(read("junheng-session"), Err(TokenError::NotGenuine));
        clock.advance_seconds(61);
        assert_eq!(read("junheng-service"), Err(TokenError::NotNow));
    }

    #[test]
    fn a_service_speaks_for_itself_only_and_the_gateway_for_people_only() {
        let (clock, key) = (Clock::default(), SigningKey::generate().unwrap());
        let mut trusted = TrustedKeys::default();
        for issuer in ["gateway", "staffing"] {
            trusted.trust(issuer, key.public());
        }
        let now = clock.now_micros() / 1_000_000;
        let read = |issuer, subject, role: &str| {
            let claims = Claims {
                role: role.to_owned(),
                ..claims(issuer, subject, now)
            };
            verify(
                &sign(&key, &claims).unwrap(),
                &trusted,
                "junheng-service",
                &clock,
            )
        };
        assert!(read("staffing", "services/staffing", "province.service").is_ok());
        assert!(read("gateway", "accounts/1", "county.approver").is_ok());
        for (issuer, subject, role) in [
            ("staffing", "services/staffing", "province.approver"),
            ("staffing", "services/assets", "province.service"),
            ("staffing", "accounts/1", "county.approver"),
            ("gateway", "services/gateway", "province.service"),
            ("gateway", "accounts/1", "province.service"),
        ] {
            let refused = read(issuer, subject, role);
            assert_eq!(
                refused,
                Err(TokenError::NotTrusted),
                "{issuer} {subject} {role}"
            );
        }
    }

    #[test]
    fn a_changed_or_foreign_token_is_refused() {
        let (clock, key) = (Clock::default(), SigningKey::generate().unwrap());
        let mut trusted = TrustedKeys::default();
        trusted.trust("gateway", SigningKey::generate().unwrap().public());
        let now = clock.now_micros() / 1_000_000;
        let token = sign(&key, &claims("gateway", "accounts/1", now)).unwrap();
        assert_eq!(
            verify(&token, &trusted, "junheng-service", &clock),
            Err(TokenError::NotGenuine)
        );
        assert_eq!(
            verify("nonsense", &trusted, "junheng-service", &clock),
            Err(TokenError::NotGenuine)
        );
    }
}
