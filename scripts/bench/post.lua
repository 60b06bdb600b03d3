-- wrk -s post.lua URL -- BODY_FILE WEBHOOK_KEY
function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-Parse-Webhook-Key"] = args[2]
  request_bytes = wrk.format()
end

function request()
  return request_bytes
end
