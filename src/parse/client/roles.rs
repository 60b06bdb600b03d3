//! Roles as a user may see them: queries of `/roles` with the user's own session.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Credential, RestClient, RestError, header};

/// Rows of one answer: Parse Server's default, which its option `maxLimit` is hardly ever below.
const PAGE: usize = 100;
/// Roles of one query: each takes some 120 bytes of the URL, of which Node reads 16 KiB.
const POINTERS: usize = 50;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Role {
    /// Its id.
    #[serde(rename = "objectId")]
    pub object_id: String,
    /// Its name, unique in the application.
    pub name: String,
}

#[derive(Deserialize)]
struct RolePage {
    results: Vec<Role>,
}

impl RestClient {
    /// The roles whose `users` hold this user, read as the owner of `session_token`: one that its
    /// ACL hides is not among them.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or does not let this user ask.
    pub async fn roles_of_user(
        &self,
        user_id: &str,
        session_token: &SecretString,
    ) -> Result<Vec<Role>, RestError> {
        let users = json!({"users": pointer("_User", user_id)});
        self.roles(&users, session_token).await
    }

    /// The roles whose `roles` hold one of these, so that whoever has one of these has them too.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or does not let this user ask.
    pub async fn roles_above(
        &self,
        roles: &[Role],
        session_token: &SecretString,
    ) -> Result<Vec<Role>, RestError> {
        let mut above = Vec::new();
        for some in roles.chunks(POINTERS) {
            let ids = some.iter().map(|role| pointer("_Role", &role.object_id));
            let roles = json!({"roles": {"$in": ids.collect::<Vec<_>>()}});
            above.extend(self.roles(&roles, session_token).await?);
        }
        Ok(above)
    }

    async fn roles(
        &self,
        filter: &Value,
        session_token: &SecretString,
    ) -> Result<Vec<Role>, RestError> {
        let token = header("the session token", session_token.expose_secret())?;
        let mut roles = Vec::new();
        loop {
            let Some(mut url) = self.url(&["roles"]) else {
                return Ok(roles);
            };
            url.query_pairs_mut()
                .append_pair("where", &filter.to_string())
                .append_pair("keys", "name")
                .append_pair("order", "objectId")
                .append_pair("limit", &PAGE.to_string())
                .append_pair("skip", &roles.len().to_string());
            let answer = self
                .send(Method::GET, url, Credential::Session(&token), None)
                .await?;
            let page: RolePage = answer.json(self).map_err(|error| match error {
                RestError::Unauthorized { server } => RestError::ClientKey { server },
                error => error,
            })?;
            let last = page.results.len() < PAGE;
            roles.extend(page.results);
            if last {
                return Ok(roles);
            }
        }
    }
}

fn pointer(class: &str, id: &str) -> Value {
    json!({"__type": "Pointer", "className": class, "objectId": id})
}
