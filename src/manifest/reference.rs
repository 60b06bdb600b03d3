//! Every key of a manifest: what `docs/reference.md` is made from. Its tests hold it to the keys
//! that are read.

/// The keys of one table of a manifest.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// What it is a table of.
    pub title: &'static str,
    /// Where the keys stand: a text of TOML in which `…` is where an example goes.
    pub place: &'static str,
    /// What is to be known before the keys.
    pub introduction: &'static str,
    /// The keys.
    pub keys: &'static [Key],
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it may hold.
    pub values: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// The capability that it came with, and the document about it if there is one.
    pub since: Capability,
    /// A line as it stands in a manifest.
    pub example: &'static str,
    /// A line that it cannot do without.
    pub beside: &'static str,
}

/// What this service can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Guarded fields.
    Guard,
    /// Functions that sign uploads.
    Signing,
    /// Functions that build URLs.
    Delivery,
    /// Roles and limits.
    Access,
    /// New pictures looked up at Cloudinary.
    Confirmation,
    /// Pictures destroyed.
    CleanUp,
    /// Notifications followed.
    Notifications,
    /// Called from an app's own Cloud Code.
    CloudCode,
}

impl Capability {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Signing => "signing",
            Self::Delivery => "delivery URLs",
            Self::Access => "roles and limits",
            Self::Confirmation => "confirmation",
            Self::CleanUp => "clean-up",
            Self::Notifications => "notifications",
            Self::CloudCode => "Cloud Code",
        }
    }

    /// The document about it, in `docs/`.
    pub fn document(self) -> Option<&'static str> {
        match self {
            Self::Access => Some("access.md"),
            Self::CleanUp => Some("clean-up.md"),
            Self::Notifications => Some("notifications.md"),
            Self::CloudCode => Some("cloud-code.md"),
            Self::Guard | Self::Signing | Self::Delivery | Self::Confirmation => None,
        }
    }
}

const fn key(
    since: Capability,
    name: &'static str,
    default: &'static str,
    values: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> Key {
    Key {
        name,
        default,
        values,
        meaning,
        since,
        example,
        beside: "",
    }
}

const fn beside(beside: &'static str, key: Key) -> Key {
    Key { beside, ..key }
}

use Capability::{
    Access, CleanUp, CloudCode, Confirmation, Delivery, Guard, Notifications, Signing,
};

/// All of them, in the order of the document.
pub const TABLES: &[Table] = &[
    CLASS,
    FIELD,
    FUNCTION,
    LIMIT,
    ROLE,
    SIGN_UPLOAD,
    SIGN_PARAMS,
    DELIVERY_URL,
    ACCEPT,
];

const CLASS: Table = Table {
    title: "A class",
    place: "…\n[fields.picture]\n",
    introduction: "A file with `class` and without `function` guards the `beforeSave` of that class.",
    keys: &[
        key(
            Guard,
            "class",
            "required",
            "a class name",
            "The Parse class, `_User` included.",
            "class = \"Photo\"",
        ),
        beside(
            "class = \"Photo\"",
            key(
                Guard,
                "trust_master_key",
                "`false`",
                "`true`, `false`",
                "Saves with the full master key are stripped but not verified.",
                "trust_master_key = true",
            ),
        ),
        beside(
            "class = \"Photo\"",
            key(
                CloudCode,
                "called_from",
                "`parse_server`",
                "`parse_server`, `cloud_code`",
                "`cloud_code`: the app's own Cloud Code has triggers for this class and calls this service from them. `register` then adds no hooks for the class, and those of ours that it still has are stale.",
                "called_from = \"cloud_code\"",
            ),
        ),
        beside(
            "class = \"Photo\"",
            key(
                CleanUp,
                "references",
                "none",
                "columns, or paths inside Object and Array columns",
                "Where else rows may hold identifiers: they are not guarded, but what they hold is in use. A class without `fields` has no hooks.",
                "references = [\"cover\", \"slides.items.image\"]",
            ),
        ),
        key(
            Guard,
            "fields",
            "required without `references`",
            "a table for each field",
            "The guarded fields, each a table `[fields.<name>]` that may be empty.",
            "class = \"Photo\"",
        ),
    ],
};

const FIELD: Table = Table {
    title: "A guarded field",
    place: "class = \"Photo\"\n[fields.picture]\n…\n",
    introduction: "In `[fields.<name>]`.",
    keys: &[
        key(
            Guard,
            "required",
            "`false`",
            "`true`, `false`",
            "A create without it, or clearing it, is refused. With `many` it means at least one element.",
            "required = true",
        ),
        key(
            Guard,
            "many",
            "`false`",
            "`true`, `false`",
            "The field holds an array of identifiers.",
            "many = true",
        ),
        beside(
            "many = true",
            key(
                Guard,
                "max_items",
                "`1000`",
                "a number, at least 1",
                "The most that a save may leave in the array; for `Add` and `AddUnique` what is stored and what is sent count. Unchanged values, `Remove` and arrays shorter than the stored one pass.",
                "max_items = 20",
            ),
        ),
        key(
            Guard,
            "resource_types",
            "`[\"image\"]`",
            "`\"image\"`, `\"video\"`, `\"raw\"`",
            "What is taken.",
            "resource_types = [\"image\", \"video\"]",
        ),
        key(
            Guard,
            "types",
            "`[\"upload\"]`",
            "`\"upload\"`, `\"private\"`, `\"authenticated\"`",
            "What is taken.",
            "types = [\"authenticated\"]",
        ),
        key(
            Guard,
            "formats",
            "any or none",
            "extensions without a dot",
            "What is taken; with a list an identifier without an extension is refused. Only `confirm` checks what the file really is.",
            "formats = [\"jpg\", \"png\"]",
        ),
        key(
            Guard,
            "folder",
            "any",
            "a path; `{user.objectId}` and `{user.username}` are filled in",
            "The public ID must lie in this folder. A save without a session is refused.",
            "folder = \"users/{user.objectId}\"",
        ),
        key(
            Guard,
            "max_age",
            "any",
            "a duration: `500ms`, `10s`, `2m`, `1h`, `7d`",
            "The identifier's version is its upload time: older ones are refused, and more than 5 minutes ahead too.",
            "max_age = \"1h\"",
        ),
        key(
            Confirmation,
            "confirm",
            "`false`",
            "`true`, `false`",
            "A new picture is looked up at Cloudinary before the save goes through: it must exist, and `formats` is checked against what it really is. At most 5 seconds.",
            "confirm = true",
        ),
        beside(
            "confirm = true",
            key(
                Confirmation,
                "max_bytes",
                "any",
                "bytes, or a size such as `\"5MiB\"`",
                "Largest original.",
                "max_bytes = \"5MiB\"",
            ),
        ),
        beside(
            "confirm = true",
            key(
                Confirmation,
                "max_width",
                "any",
                "pixels",
                "Widest original.",
                "max_width = 4000",
            ),
        ),
        beside(
            "confirm = true",
            key(
                Confirmation,
                "max_height",
                "any",
                "pixels",
                "Highest original.",
                "max_height = 4000",
            ),
        ),
        beside(
            "confirm = true",
            key(
                Confirmation,
                "min_width",
                "any",
                "pixels",
                "Narrowest original.",
                "min_width = 100",
            ),
        ),
        beside(
            "confirm = true",
            key(
                Confirmation,
                "min_height",
                "any",
                "pixels",
                "Lowest original.",
                "min_height = 100",
            ),
        ),
        beside(
            "confirm = true",
            key(
                Confirmation,
                "on_unreachable",
                "`\"refuse\"`",
                "`\"refuse\"`, `\"accept\"`",
                "What becomes of a save while Cloudinary cannot be asked.",
                "on_unreachable = \"accept\"",
            ),
        ),
        beside(
            "destroy_within = \"myapp/\"",
            key(
                CleanUp,
                "on_replace",
                "`\"keep\"`",
                "`\"keep\"`, `\"destroy\"`",
                "What becomes of a picture that was replaced, cleared or taken from an array, once nothing refers to it.",
                "on_replace = \"destroy\"",
            ),
        ),
        beside(
            "destroy_within = \"myapp/\"",
            key(
                CleanUp,
                "on_delete",
                "`\"keep\"`",
                "`\"keep\"`, `\"destroy\"`",
                "What becomes of the pictures of a deleted object, once nothing refers to them.",
                "on_delete = \"destroy\"",
            ),
        ),
        key(
            CleanUp,
            "grace",
            "`\"24h\"`",
            "a duration",
            "How long a picture is kept after it lost a reference; at least `max_age`.",
            "grace = \"48h\"",
        ),
        key(
            CleanUp,
            "destroy_within",
            "needed with `\"destroy\"`",
            "the beginning of a public ID; `\"\"`: any",
            "Only assets whose public ID begins so are ever destroyed, by `audit --destroy-orphans` too.",
            "destroy_within = \"myapp/\"",
        ),
        key(
            Notifications,
            "moderation_field",
            "none",
            "a field of the same class",
            "Gets `\"pending\"`, `\"approved\"` or `\"rejected\"`; a save that changes the picture clears it. Clients cannot write it, the master key can. Not with `many`.",
            "moderation_field = \"imageStatus\"",
        ),
        key(
            Notifications,
            "on_reject",
            "`\"keep\"`",
            "`\"keep\"`, `\"clear\"`",
            "A rejected picture is taken from the row.",
            "on_reject = \"clear\"",
        ),
        key(
            Notifications,
            "sync",
            "`false`",
            "`true`, `false`",
            "Renames at Cloudinary are followed, overwriting uploads give rows the new version, deleted pictures are taken from the rows.",
            "sync = true",
        ),
        key(
            Notifications,
            "eager_field",
            "none",
            "a field of the same class",
            "Gets the URLs of eager transformations, as an array; cleared and written as `moderation_field` is. Not with `many`.",
            "eager_field = \"thumbnails\"",
        ),
    ],
};

const FUNCTION: Table = Table {
    title: "A function",
    place: "…\n",
    introduction: "A file with `function` serves that cloud function.",
    keys: &[
        beside(
            "action = \"delivery_url\"",
            key(
                Signing,
                "function",
                "required",
                "a function's name",
                "What `Parse.Cloud.run` calls.",
                "function = \"sign_upload\"",
            ),
        ),
        beside(
            "function = \"sign_upload\"",
            key(
                Signing,
                "action",
                "required",
                "`\"sign_upload\"`, `\"sign_params\"`, `\"delivery_url\"`",
                "What it does.",
                "action = \"sign_upload\"",
            ),
        ),
        beside(
            "function = \"f\"\naction = \"sign_upload\"",
            key(
                Access,
                "access",
                "`\"user\"`",
                "`\"public\"`, `\"user\"`, `\"master\"`, `{ role = \"…\" }`",
                "Who may call it. `\"user\"` needs a session, which the master key alone is not; `\"master\"` the full master key (before Parse Server 9 as far as it can be told).",
                "access = \"public\"",
            ),
        ),
        beside(
            "function = \"f\"\naction = \"sign_upload\"",
            key(
                Access,
                "limit",
                "none",
                "a table",
                "How often it may be called.",
                "limit = { per_user = \"30/m\" }",
            ),
        ),
    ],
};

const LIMIT: Table = Table {
    title: "A function's limits",
    place: "function = \"f\"\naction = \"sign_upload\"\n[limit]\n…\n",
    introduction: "In `[limit]`. Each instance counts for itself.",
    keys: &[
        key(
            Access,
            "per_user",
            "none",
            "calls in a second, minute, hour or day: `5/s`, `30/m`, `100/h`, `500/d`",
            "Calls of one user.",
            "per_user = \"30/m\"",
        ),
        key(
            Access,
            "per_address",
            "none",
            "the same",
            "Calls from one address, as Parse Server sees it (`trustProxy`).",
            "per_address = \"60/m\"",
        ),
    ],
};

const ROLE: Table = Table {
    title: "A function for a role",
    place: "function = \"f\"\naction = \"sign_upload\"\n[access]\n…\n",
    introduction: "In `access = { … }`.",
    keys: &[key(
        Access,
        "role",
        "required",
        "a role's name",
        "The session's user must hold it, by itself or through other roles.",
        "role = \"editors\"",
    )],
};

const SIGN_UPLOAD: Table = Table {
    title: "A function that signs uploads",
    place: "function = \"f\"\naction = \"sign_upload\"\n…\n",
    introduction: "With `action = \"sign_upload\"`, besides the keys of every function.",
    keys: &[
        key(
            Signing,
            "upload",
            "nothing but a timestamp",
            "a table of upload parameters; strings may hold `{user.objectId}`, `{user.username}` and `{params.<name>}`",
            "What is always signed.",
            "upload = { folder = \"users/{user.objectId}\" }",
        ),
        key(
            Signing,
            "accept",
            "nothing",
            "a table of upload parameters",
            "What the caller may choose; everything else is refused by name.",
            "accept = { upload_preset = [\"avatar\", \"cover\"] }",
        ),
        key(
            Signing,
            "response",
            "`\"fields\"`",
            "`\"fields\"`, `\"request\"`",
            "The answer: the fields to post, or `{\"url\", \"fields\", \"expires_at\"}`.",
            "response = \"request\"",
        ),
        key(
            Signing,
            "resource_type",
            "`\"auto\"`",
            "`\"auto\"`, `\"image\"`, `\"video\"`, `\"raw\"`",
            "Part of the URL of `response = \"request\"`.",
            "resource_type = \"image\"",
        ),
    ],
};

const SIGN_PARAMS: Table = Table {
    title: "A function that signs what a client is about to post",
    place: "function = \"f\"\naction = \"sign_params\"\n…\n",
    introduction: "With `action = \"sign_params\"`, besides the keys of every function. It answers `{\"signature\", \"api_key\", \"timestamp\"}` over exactly the parameters of the call, which are those of the upload. `timestamp` must be among them, at most 55 minutes old and 5 minutes ahead; `source` may be `uw`. What fills a template is not signed, nor is what is empty.",
    keys: &[
        key(
            Signing,
            "upload",
            "nothing",
            "a table of upload parameters, with the templates of `sign_upload`",
            "What must be sent, with this value as it is written for an upload. Options of a transformation are sent as `transformation`.",
            "upload = { folder = \"users/{user.objectId}\" }",
        ),
        key(
            Signing,
            "accept",
            "nothing",
            "a table of upload parameters, without `named` and `default`",
            "What may be sent besides; everything else is refused by name.",
            "accept = { custom_coordinates = true }",
        ),
    ],
};

const DELIVERY_URL: Table = Table {
    title: "A function that builds URLs",
    place: "function = \"f\"\naction = \"delivery_url\"\n…\n",
    introduction: "With `action = \"delivery_url\"`, besides the keys of every function.",
    keys: &[
        beside(
            "field = \"picture\"",
            key(
                Delivery,
                "class",
                "none: the caller names an identifier",
                "a class name",
                "The row `params.objectId` of this class is read with the caller's session.",
                "class = \"Photo\"",
            ),
        ),
        beside(
            "class = \"Photo\"",
            key(
                Delivery,
                "field",
                "none",
                "a guarded field",
                "What holds the identifier.",
                "field = \"picture\"",
            ),
        ),
        key(
            Delivery,
            "url",
            "the original",
            "a table of URL options",
            "The transformation.",
            "url = { crop = \"fill\", width = 150 }",
        ),
        key(
            Delivery,
            "accept",
            "nothing",
            "a table of URL options",
            "What the caller may set or override in `params.options`.",
            "accept = { width = { max = 2000 } }",
        ),
    ],
};

const ACCEPT: Table = Table {
    title: "What a caller may choose",
    place: "function = \"f\"\naction = \"sign_upload\"\n[accept.public_id]\n…\n",
    introduction: "In `[accept]`, `name = true` takes any value, `name = [\"a\", \"b\"]` one of these, and a table has these keys. What a caller makes up (`true`, a range, a pattern) must be written as one value of that option: no separators in any spelling, no layers, names, code or conditions. `eager` and `transformation` take steps of plain parameters. In `folder` and `public_id` there is no `+`, and no more than 255 characters together.",
    keys: &[
        key(
            Signing,
            "min",
            "none",
            "a number",
            "Least, itself included.",
            "min = 1",
        ),
        key(
            Signing,
            "max",
            "none",
            "a number",
            "Greatest, itself included.",
            "max = 2000",
        ),
        key(
            Signing,
            "pattern",
            "none",
            "a regular expression",
            "Text that it matches from end to end.",
            "pattern = \"[a-z]+\"",
        ),
        key(
            Signing,
            "named",
            "none",
            "a table of values",
            "One of its names; what stands behind the name is used.",
            "named = { front = \"cover-1\" }",
        ),
        key(
            Signing,
            "default",
            "nothing is sent",
            "a value that is accepted",
            "What is used when the caller sends nothing.",
            "default = \"cover\"",
        ),
    ],
};

#[cfg(test)]
mod tests;
