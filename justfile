# What is typed daily. `just` lists it.

default:
    @just --list

# Everything that must hold, against Parse Server 9 (or another: `just test 5`, `just test all`).
test parse="9":
    scripts/test.sh --parse {{parse}}

# The Rust tests alone, or those whose name holds a word.
unit *words:
    cargo nextest run --locked {{words}}

# One end-to-end file: `just e2e guard 7` runs tests/e2e/guard.test.mjs on Parse Server 7.
e2e file parse="9":
    scripts/parse-server/install.sh {{parse}}
    cargo build --locked
    RIG_PARSE_SERVER={{parse}} CLOUDINARY_PARSE_BIN=target/debug/cloudinary-parse node --test --test-reporter=spec tests/e2e/{{file}}.test.mjs

# What the first stages of the gate look at.
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings

bench *arguments:
    scripts/bench.sh {{arguments}}

# Every fuzz target for so many seconds.
fuzz seconds="60" *targets:
    scripts/fuzz.sh {{seconds}} {{targets}}

mutants *files:
    scripts/mutants.sh {{files}}

demo:
    scripts/demo.sh
