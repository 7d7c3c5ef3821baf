//! The OpenID Connect issuer of a rehearsed GitHub runner: signs a token for each audience, and
//! checks them for the services that take them.
//!
//! Claims as on GitHub's runners (<https://docs.github.com/actions/reference/openid-connect-reference>);
//! RS256, good for five minutes, each with a `jti` of its own. Whether a `jti` was used before is the
//! matter of the service that takes it.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value, json};

use super::http::{Request, Response, Rule};

/// How long a token is good for, in seconds.
const LIFETIME: u64 = 300;

/// The number of the account that owns the repository, and starts the run.
pub const OWNER: &str = "1001";

/// The number of the repository.
pub const REPOSITORY: &str = "2002";

/// Claims of a token.
pub type Claims = Map<String, Value>;

/// Who the rehearsed run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `owner/name`.
    pub repository: String,
    /// File name of the workflow, such as `release.yml`.
    pub workflow: String,
    /// The job's environment, if it has one.
    pub environment: Option<String>,
    /// The whole name of what the run is for, such as `refs/tags/v1.2.3`.
    pub reference: String,
    /// The commit.
    pub sha: String,
    /// The event, such as `push`.
    pub event: String,
    /// `public`, `private` or `internal`.
    pub visibility: String,
}

impl Identity {
    /// What GitHub calls a workflow without a name of its own: the place of its file.
    pub fn workflow_name(&self) -> String {
        format!(".github/workflows/{}", self.workflow)
    }
}

/// The issuer.
pub struct Issuer {
    /// Its address, which is the `iss` of its tokens.
    url: String,
    /// GitHub's own address, which `aud` begins with unless told otherwise.
    server: String,
    /// The bearer by which the runner asks for tokens.
    bearer: String,
    signs: EncodingKey,
    reads: DecodingKey,
    modulus: String,
    identity: Identity,
    /// Environments by audience.
    environments: BTreeMap<String, String>,
    /// Environments of jobs, by what each job's runner shows.
    jobs: BTreeMap<String, Option<String>>,
    /// How many tokens were given out.
    given: u64,
}

/// Nobody who may have a token.
struct Unknown;

/// What reads tokens: the issuer's public half.
#[derive(Clone)]
pub struct Verifier {
    url: String,
    key: DecodingKey,
}

impl Issuer {
    /// An issuer at `url` for a run on `server` with this identity. `bearer` is what the runner has to
    /// show for a token.
    ///
    /// # Errors
    /// No key could be made.
    pub fn new(url: &str, server: &str, bearer: &str, identity: Identity) -> Result<Self, String> {
        let failed = |what: &str| format!("no key for the issuer: {what}");
        let key =
            KeyPair::generate(KeySize::Rsa2048).map_err(|error| failed(&error.to_string()))?;
        let der: Pkcs8V1Der<'_> = key.as_der().map_err(|error| failed(&error.to_string()))?;
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        let signs = EncodingKey::from_rsa_pem(pem.as_bytes())
            .map_err(|error| failed(&error.to_string()))?;
        let modulus = key.public_key().modulus().big_endian_without_leading_zero();
        let modulus = URL_SAFE_NO_PAD.encode(modulus);
        let reads = DecodingKey::from_rsa_components(&modulus, "AQAB")
            .map_err(|error| failed(&error.to_string()))?;
        let (url, server, bearer) = (url.to_owned(), server.to_owned(), bearer.to_owned());
        let (environments, jobs) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self {
            url,
            server,
            bearer,
            signs,
            reads,
            modulus,
            identity,
            environments,
            jobs,
            given: 0,
        })
    }

    /// What checks this issuer's tokens.
    pub fn verifier(&self) -> Verifier {
        Verifier { url: self.url.clone(), key: self.reads.clone() }
    }

    /// Who the run is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Tokens for these audiences come from jobs in these environments: on GitHub each job is in one,
    /// in a rehearsal all tasks are in one run.
    pub fn place(&mut self, environments: BTreeMap<String, String>) {
        self.environments = environments;
    }

    /// Lets the runner of one job have tokens, which are in that job's environment, whatever they are for.
    pub fn admit(&mut self, bearer: &str, environment: Option<String>) {
        self.jobs.insert(bearer.to_owned(), environment);
    }

    /// The environment of who shows this for a token: that of its job, else by what the token is for.
    ///
    /// # Errors
    /// Nobody is known who shows it.
    fn environment(&self, shown: &str, audience: &str) -> Result<Option<String>, Unknown> {
        match self.jobs.get(shown) {
            Some(environment) => Ok(environment.clone()),
            None if shown == self.bearer => {
                Ok(self.environments.get(audience).or(self.identity.environment.as_ref()).cloned())
            }
            None => Err(Unknown),
        }
    }

    /// Answers the runner's request for a token, and requests for the public key.
    pub fn answer(&mut self, request: &Request, at: u64) -> Response {
        match request.path.as_str() {
            "/.well-known/openid-configuration" => Response::json(
                200,
                &json!({
                    "issuer": self.url,
                    "jwks_uri": format!("{}/.well-known/jwks", self.url),
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public", "pairwise"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }),
            ),
            "/.well-known/jwks" => Response::json(
                200,
                &json!({ "keys": [{
                "kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY, "n": self.modulus, "e": "AQAB",
            }] }),
            ),
            "/token" => self.hand_out(request, at),
            _ => Response::empty(404),
        }
    }

    fn hand_out(&mut self, request: &Request, at: u64) -> Response {
        let owner = self.identity.repository.split('/').next().unwrap_or_default();
        let usual = format!("{}/{owner}", self.server);
        let audience = request.query("audience").unwrap_or(&usual).to_owned();
        let shown = request.authorization("bearer").unwrap_or_default();
        let Ok(environment) = self.environment(shown, &audience) else {
            let text = "the runner's own token is missing or wrong";
            return Response::text(401, text).by(Rule {
                name: "oidc.bearer",
                source: "https://docs.github.com/actions/reference/openid-connect-reference",
            });
        };
        match self.token_in(environment, &audience, at) {
            Ok(token) => Response::json(200, &json!({ "count": token.len(), "value": token })),
            Err(why) => Response::text(500, why),
        }
    }

    /// A token of the run for `audience`, made at `at`.
    ///
    /// # Errors
    /// It could not be signed.
    pub fn token(&mut self, audience: &str, at: u64) -> Result<String, String> {
        let placed = self.environments.get(audience).cloned();
        self.token_in(placed.or(self.identity.environment.clone()), audience, at)
    }

    fn token_in(
        &mut self,
        environment: Option<String>,
        audience: &str,
        at: u64,
    ) -> Result<String, String> {
        self.given += 1;
        let run = Identity { environment, ..self.identity.clone() };
        let mut claims = self.claims_of(&run, at);
        claims.insert("aud".into(), audience.into());
        claims.insert("jti".into(), format!("{}-{at}", self.given).into());
        self.sign(&claims)
    }

    /// Signs claims as they are.
    ///
    /// # Errors
    /// It could not be signed.
    pub fn sign(&self, claims: &Claims) -> Result<String, String> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(KEY.into());
        jsonwebtoken::encode(&header, claims, &self.signs).map_err(|error| error.to_string())
    }

    /// The claims of the run, but for `aud` and `jti`.
    pub fn claims(&self, at: u64) -> Claims {
        self.claims_of(&self.identity, at)
    }

    fn claims_of(&self, run: &Identity, at: u64) -> Claims {
        let owner = run.repository.split('/').next().unwrap_or_default();
        let name = run.workflow_name();
        let workflow = format!("{}/{name}@{}", run.repository, run.reference);
        let subject = match (&run.environment, run.event.as_str()) {
            (Some(environment), _) => format!("environment:{}", environment.replace(':', "%3A")),
            (None, "pull_request") => "pull_request".into(),
            (None, _) => format!("ref:{}", run.reference.replace(':', "%3A")),
        };
        let kind = if run.reference.starts_with("refs/tags/") { "tag" } else { "branch" };
        let mut claims = Claims::new();
        let mut put = |name: &str, value: &str| claims.insert(name.to_owned(), value.into());
        put("iss", &self.url);
        put("sub", &format!("repo:{}:{subject}", run.repository));
        for (name, value) in [
            ("actor", owner),
            ("actor_id", OWNER),
            ("base_ref", ""),
            ("event_name", &run.event),
            ("head_ref", ""),
            ("job_workflow_ref", &workflow),
            ("job_workflow_sha", &run.sha),
            ("ref", &run.reference),
            ("ref_protected", "false"),
            ("ref_type", kind),
            ("repository", &run.repository),
            ("repository_id", REPOSITORY),
            ("repository_owner", owner),
            ("repository_owner_id", OWNER),
            ("repository_visibility", &run.visibility),
            ("run_attempt", "1"),
            ("run_id", "3003"),
            ("run_number", "1"),
            ("runner_environment", "github-hosted"),
            ("sha", &run.sha),
            ("workflow", &name),
            ("workflow_ref", &workflow),
            ("workflow_sha", &run.sha),
        ] {
            put(name, value);
        }
        if let Some(environment) = &run.environment {
            put("environment", environment);
        }
        claims.insert("iat".into(), at.into());
        claims.insert("nbf".into(), at.saturating_sub(600).into());
        claims.insert("exp".into(), (at + LIFETIME).into());
        claims
    }
}

/// The key's name.
const KEY: &str = "rel-rehearsal";

impl Verifier {
    /// The `iss` of the tokens that it can check.
    pub fn issuer(&self) -> &str {
        &self.url
    }

    /// The claims of `token`, if its signature, issuer, audience and times are good. `leeway` is in
    /// seconds.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(
        &self,
        token: &str,
        audience: &str,
        at: u64,
        leeway: u64,
    ) -> Result<Claims, String> {
        // Times are judged by the world's clock, not by the machine's.
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_audience(&[audience]);
        rules.set_issuer(&[&self.url]);
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &rules)
            .map_err(|error| error.to_string())?
            .claims;
        let time = |name: &str| claims.get(name).and_then(Value::as_u64);
        if !claims.get("aud").is_some_and(Value::is_string) {
            return Err("more than one audience".into());
        }
        if time("exp").is_none_or(|exp| exp + leeway < at) {
            return Err("ExpiredSignature".into());
        }
        if time("nbf").is_some_and(|nbf| nbf > at + leeway) {
            return Err("ImmatureSignature".into());
        }
        Ok(claims)
    }
}

/// The claims of a token, unchecked.
pub fn unchecked(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An issuer for tests of the services.
    pub(in crate::rehearse) fn issuer() -> Issuer {
        let identity = Identity {
            repository: "acme/widget".into(),
            workflow: "release.yml".into(),
            environment: Some("pypi".into()),
            reference: "refs/tags/v1.2.3".into(),
            sha: "0123456789abcdef0123456789abcdef01234567".into(),
            event: "push".into(),
            visibility: "public".into(),
        };
        Issuer::new("https://issuer.example", "https://forge.example", "runner", identity).unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_audience_and_its_time_only() {
        let mut issuer = issuer();
        let verifier = issuer.verifier();
        let token = issuer.token("pypi", 1_000).unwrap();
        let claims = verifier.check(&token, "pypi", 1_000, 30).unwrap();
        assert_eq!(claims["sub"], "repo:acme/widget:environment:pypi");
        assert_ne!(claims["jti"], unchecked(&issuer.token("pypi", 1_000).unwrap()).unwrap()["jti"]);
        assert!(verifier.check(&token, "testpypi", 1_000, 30).is_err());
        assert!(verifier.check(&token, "pypi", 1_331, 30).is_err());
        assert!(verifier.check(&token, "pypi", 100, 30).is_err());
        let other = super::tests::issuer().verifier();
        assert!(other.check(&token, "pypi", 1_000, 30).is_err());
    }

    #[test]
    fn a_jobs_token_is_in_the_environment_of_that_job() {
        let mut issuer = issuer();
        issuer.place([("pypi".to_owned(), "by-audience".to_owned())].into());
        issuer.admit("job", Some("mine".into()));
        issuer.admit("plain", None);
        for (bearer, subject) in [
            ("runner", "environment:by-audience"),
            ("job", "environment:mine"),
            ("plain", "ref:refs/tags/v1.2.3"),
        ] {
            let answer = issuer.answer(
                &Request {
                    method: "GET".into(),
                    path: "/token".into(),
                    query: vec![("audience".into(), "pypi".into())],
                    headers: vec![("authorization".into(), format!("bearer {bearer}"))],
                    ..Request::default()
                },
                5,
            );
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            let claims = unchecked(body["value"].as_str().unwrap()).unwrap();
            assert_eq!(claims["sub"], format!("repo:acme/widget:{subject}"));
        }
    }

    #[test]
    fn the_runner_gets_a_token_for_its_own_word_only() {
        let mut issuer = issuer();
        let ask = |bearer: &str| Request {
            method: "GET".into(),
            path: "/token".into(),
            query: vec![("audience".into(), "sigstore".into())],
            headers: vec![("authorization".into(), format!("bearer {bearer}"))],
            ..Request::default()
        };
        assert_eq!(issuer.answer(&ask("other"), 5).status, 401);
        let answer = issuer.answer(&ask("runner"), 5);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(unchecked(body["value"].as_str().unwrap()).unwrap()["aud"], "sigstore");
    }
}
