-- What an application would do in Redis: check, count and remember the key, all or none.
--
-- ARGV: limit, amount, seconds that a key lives, a number that is the key and whose last
-- three digits are the tenant (redis-benchmark draws one number at random). A cluster
-- would want both names in KEYS, with one hash tag; here one server does.
local tenant = ARGV[5] == "spread" and string.sub(ARGV[4], -3) or "hot"
local key = "key:" .. tenant .. ":" .. ARGV[4]
if redis.call("EXISTS", key) == 1 then
    return "REPLAYED"
end
local used = tonumber(redis.call("GET", "used:" .. tenant) or "0")
if used + tonumber(ARGV[2]) > tonumber(ARGV[1]) then
    return "EXCEEDED"
end
redis.call("INCRBY", "used:" .. tenant, ARGV[2])
redis.call("SET", key, ARGV[2], "EX", ARGV[3])
return "GRANTED"
