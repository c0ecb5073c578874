#!/usr/bin/env bash
# Serves the demo on this machine: `make dev`, or `make dev PORT=9000`. Wrangler builds again when a source changes. What visitors and
# operators did is kept for the next time, in .wrangler or in STATE=.
source "$(dirname "$0")/env.sh"

PORT=${PORT:-8787}
[[ $PORT =~ ^[1-9][0-9]{0,4}$ && $PORT -lt 65536 ]] || fail "PORT=$PORT is not a port: it is a number from 1 to 65535."
# Whoever answers there would be taken for the demo.
if (: <"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
    fail "port $PORT is taken by another program. Stop that, or run \`make dev PORT=$((PORT == 65535 ? 8787 : PORT + 1))\`."
fi

# Secrets of local runs only; deployed Workers get theirs by `wrangler secret put`.
if ! grep -qs '^HALFTONE_KEYS=' .dev.vars; then
    printf 'HALFTONE_KEYS=%s\n' "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')" >>.dev.vars
    say "wrote a random signing secret to .dev.vars"
fi

scripts/build.sh
# The first operator of the admin surface; the Worker knows only the hash.
if ! grep -qs '^HALFTONE_TOKENS=' .dev.vars; then
    made=$(target/release/halftone token dev --role operator 2>/dev/null)
    printf 'HALFTONE_TOKEN=%s\nHALFTONE_TOKENS=%s\n' \
        "$(sed -n 's/^token *//p' <<<"$made")" "$(sed -n 's/^entry *//p' <<<"$made")" >>.dev.vars
    say "wrote an operator token to .dev.vars: \`target/release/halftone tallies\` uses it"
fi
say ""
say "Serving on http://127.0.0.1:$PORT/ as soon as Wrangler says it is ready:"
target/release/halftone urls --port "$PORT" || true
say ""
say "The dashboard asks for a token; here it is $(sed -n 's/^HALFTONE_TOKEN=//p' .dev.vars)"
say ""
exec wrangler dev --ip 127.0.0.1 --port "$PORT" --show-interactive-dev-session=false ${STATE:+--persist-to "$STATE"}
