-- What sysbench does in one event: one call, or what a client would send instead of it.
--
-- Every connection makes its first call before the clock runs (the server compiles
-- procedures per connection), and its first and last answer must be the expected one.

sysbench.cmdline.options = {
    work    = {"which of the works below", "consume"},
    prefix  = {"tenants are this and a number from 1", "t"},
    tenants = {"how many of them", 1},
    status  = {"what every call must be answered", "GRANTED"},
    run     = {"what makes this run's keys differ from every other's", "0"},
}

local CONSUME = "CALL try_consume_quota('%s', 'UNITS', 1, 'ORDER', '%s', NULL, @success, @status)"
local FLOOR = "CALL bench_floor('%s', 'UNITS', 1, 'ORDER', '%s', @success)"
local UPDATE = "UPDATE tenant_quotas SET used_count = used_count + 1 WHERE tenant_id = '%s'"
    .. " AND quota_type = 'UNITS' AND limit_type = 'MONTHLY' AND used_count < hard_limit"
local LOCK = "SELECT hard_limit, used_count FROM tenant_quotas WHERE tenant_id = '%s'"
    .. " AND quota_type = 'UNITS' AND limit_type = 'MONTHLY' FOR UPDATE"
local CHARGE = "UPDATE tenant_quotas SET used_count = used_count + 1"
    .. " WHERE quota_id = %d AND used_count < hard_limit"
local RECORD = "INSERT INTO quota_usage_records (quota_id, tenant_id, operation_type, delta_value,"
    .. " current_used, biz_id, biz_type) VALUES (%d, '%s', 'CONSUME', 1,"
    .. " (SELECT used_count FROM tenant_quotas WHERE quota_id = %d), '%s', 'ORDER')"
local BY_KEY = "SELECT hard_limit, used_count FROM tenant_quotas WHERE quota_id = %d"
local BY_TENANT = "SELECT * FROM tenant_quotas WHERE tenant_id = '%s'"
local MONITOR = "SELECT * FROM quota_usage_monitor WHERE tenant_id = '%s'"

local connection
local works, answers, quota_ids, sample = {}, {}, {}, {}
local calls = 0

local function read_quota_ids()
    local found = connection:query("SELECT tenant_id, quota_id FROM tenant_quotas"
        .. " WHERE limit_type = 'MONTHLY' AND tenant_id REGEXP '^" .. sysbench.opt.prefix .. "[0-9]+$'")
    for _ = 1, found.nrows do
        local row = found:fetch_row()
        quota_ids[row[1]] = tonumber(row[2])
    end
end

local function read_sample()
    local found = connection:query("SELECT quota_id FROM tenant_quotas WHERE quota_id % 97 = 0")
    for number = 1, found.nrows do
        sample[number] = tonumber(found:fetch_row()[1])
    end
end

function works.consume(tenant, key)
    connection:query(CONSUME:format(tenant, key))
end
answers.consume = "@status"

-- A key that every tenant has used before.
function works.replay(tenant)
    connection:query(CONSUME:format(tenant, "before"))
end
answers.replay = "@status"

function works.floor(tenant, key)
    connection:query(FLOOR:format(tenant, key))
end
answers.floor = "IF(@success, 'GRANTED', 'EXCEEDED')"

function works.update(tenant)
    connection:query(UPDATE:format(tenant))
end
answers.update = "IF(ROW_COUNT() = 1, 'GRANTED', 'EXCEEDED')"

function works.scenario2(tenant, key)
    local quota_id = quota_ids[tenant]
    connection:query("START TRANSACTION")
    connection:query(LOCK:format(tenant))
    connection:query(CHARGE:format(quota_id))
    connection:query(RECORD:format(quota_id, tenant, quota_id, key))
    connection:query("COMMIT")
end

function works.token(tenant)
    connection:query(("CALL acquire_quota_token('%s', 'UNITS', @success)"):format(tenant))
end
answers.token = "IF(@success, 'GRANTED', 'EXCEEDED')"

function works.token_and_back(tenant)
    works.token(tenant)
    connection:query(("CALL release_quota_token('%s', 'UNITS', @success)"):format(tenant))
end
answers.token_and_back = answers.token

function works.by_key()
    connection:query(BY_KEY:format(sample[sysbench.rand.uniform(1, #sample)]))
end

function works.by_tenant(tenant)
    connection:query(BY_TENANT:format(tenant))
end

function works.monitor(tenant)
    connection:query(MONITOR:format(tenant))
end

local function call(thread)
    calls = calls + 1
    works[sysbench.opt.work](
        sysbench.opt.prefix .. sysbench.rand.uniform(1, sysbench.opt.tenants),
        ("%s-%d-%d"):format(sysbench.opt.run, thread, calls)
    )
end

local function call_and_look(thread)
    call(thread)
    local answer = answers[sysbench.opt.work]
    local status = answer and connection:query_row("SELECT " .. answer) or sysbench.opt.status
    if status ~= sysbench.opt.status then
        error(("%s was answered %s"):format(sysbench.opt.work, status))
    end
end

function thread_init(thread)
    connection = sysbench.sql.driver():connect()
    if sysbench.opt.work == "scenario2" then
        read_quota_ids()
    elseif sysbench.opt.work == "by_key" then
        read_sample()
    end
    call_and_look(thread)
end

function event(thread)
    call(thread)
end

function thread_done(thread)
    call_and_look(thread)
    connection:disconnect()
end

function sysbench.hooks.report_cumulative(stat)
    print(('{"calls": %d, "rate": %.3f, "tail_ms": %.4f, "longest_ms": %.4f, "errors": %d}'):format(
        stat.events, stat.events / stat.time_total, stat.latency_pct * 1000, stat.latency_max * 1000,
        stat.errors))
end
