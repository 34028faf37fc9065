-- What sysbench does in one event: one call, or what a client would send instead of it.
--
-- Every connection makes its first call before the clock runs (the server compiles
-- procedures per connection), and its first and last answer must be the expected one.
-- What is not a figure of sysbench's own is printed as a JSON object on a line of its own.

sysbench.cmdline.options = {
    work    = {"which of the works below", "consume"},
    prefix  = {"tenants are this and a number from 1", "t"},
    tenants = {"how many of them", 1},
    status  = {"what every call must be answered", "GRANTED"},
    run     = {"what makes this run's keys differ from every other's", "0"},
    client  = {"driver (sysbench's own) or drain (takes a CALL's row; drain.lua)", "driver"},
    prepared = {"rows of bench_prepared, for the works that end what is there", 0},
    server  = {"process id of the server, whose processor time is read", 0},
}

local CONSUME = "CALL try_consume_quota('%s', 'UNITS', 1, 'ORDER', '%s', NULL, @success, @status)"
local CONSUME_ROW = "CALL consume_quota('%s', 'UNITS', 1, 'ORDER', '%s', NULL)"
local RESERVE = "CALL reserve_quota('%s', 'UNITS', 1, 3600, 'ORDER', '%s', NULL)"
local CONFIRM = "CALL confirm_quota_reservation('%s', NULL)"
local REFUND = "CALL refund_quota('%s', 'UNITS', NULL, 'ORDER', '%s', 'refund')"
local LEASE = "CALL acquire_quota_lease('%s', 'UNITS', 'worker', 3600)"
local RELEASE = "CALL release_quota_lease('%s')"
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
local OWN_THREAD = "SELECT thread_os_id FROM performance_schema.threads"
    .. " WHERE processlist_id = CONNECTION_ID()"
local MONITOR = "SELECT * FROM quota_usage_monitor WHERE tenant_id = '%s'"

-- Columns of the row that a CALL answers with, and the answer that is such a row.
local STATUS, ID, ROW = 2, 11, "row"

local connection, is_drain
local works, answers, quota_ids, sample, prepared = {}, {}, {}, {}, {}
local schedstat, ran_before
local calls, taken = 0, 0

-- One write, for threads that end at the same time.
local function say(text, ...)
    io.write(text:format(...) .. "\n")
end

local function read_quota_ids(reader)
    local found = reader:query("SELECT tenant_id, quota_id FROM tenant_quotas"
        .. " WHERE limit_type = 'MONTHLY' AND tenant_id REGEXP '^" .. sysbench.opt.prefix .. "[0-9]+$'")
    for _ = 1, found.nrows do
        local row = found:fetch_row()
        quota_ids[row[1]] = tonumber(row[2])
    end
end

local function read_sample(reader)
    local found = reader:query("SELECT quota_id FROM tenant_quotas WHERE quota_id % 97 = 0")
    for number = 1, found.nrows do
        sample[number] = tonumber(found:fetch_row()[1])
    end
end

-- Each connection has a share of its own; nothing is ended twice.
local function read_prepared(reader, thread)
    local rows, threads = sysbench.opt.prepared, sysbench.opt.threads
    local found = reader:query(
        ("SELECT tenant_id, biz_id, reservation_id FROM bench_prepared WHERE n > %d AND n <= %d"):format(
            math.floor(rows * thread / threads), math.floor(rows * (thread + 1) / threads)))
    for number = 1, found.nrows do
        local row = found:fetch_row()
        prepared[number] = { tenant = row[1], key = row[2], id = row[3] }
    end
end

local function take()
    taken = taken + 1
    return prepared[taken] or error("all that was prepared is used up: raise A_SECOND in prepared.py")
end

function works.consume(tenant, key)
    connection:query(CONSUME:format(tenant, key))
end
answers.consume = "@status"

-- Inside the caller's transaction: three statements, each a round trip.
function works.joined(tenant, key)
    connection:query("START TRANSACTION")
    works.consume(tenant, key)
    connection:query("COMMIT")
end
answers.joined = answers.consume

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

-- The statements of scenario 2; the caller's own work comes before the commit.
local function by_hand(tenant, key, work)
    local quota_id = quota_ids[tenant]
    connection:query("START TRANSACTION")
    connection:query(LOCK:format(tenant))
    connection:query(CHARGE:format(quota_id))
    connection:query(RECORD:format(quota_id, tenant, quota_id, key))
    if work then
        connection:query(work)
    end
    connection:query("COMMIT")
end

function works.scenario2(tenant, key)
    by_hand(tenant, key)
end

-- The caller's own work: its order takes 5 ms, and all that it has locked stays locked.
local ORDER = "DO SLEEP(0.005)"

function works.order(tenant, key)
    connection:query("START TRANSACTION")
    works.consume(tenant, key)
    connection:query(ORDER)
    connection:query("COMMIT")
end
answers.order = answers.consume

function works.order_by_hand(tenant, key)
    by_hand(tenant, key, ORDER)
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

function works.consume_row(tenant, key)
    connection:query(CONSUME_ROW:format(tenant, key))
end
answers.consume_row = ROW

function works.reserve(tenant, key)
    connection:query(RESERVE:format(tenant, key))
end
answers.reserve = ROW

function works.confirm()
    connection:query(CONFIRM:format(take().id))
end
answers.confirm = ROW

function works.refund()
    local consumption = take()
    connection:query(REFUND:format(consumption.tenant, consumption.key))
end
answers.refund = ROW

function works.take_and_return(tenant)
    connection:query(("CALL take_quota_token('%s', 'UNITS')"):format(tenant))
    connection:query(("CALL return_quota_token('%s', 'UNITS')"):format(tenant))
end
answers.take_and_return = ROW

function works.lease(tenant)
    connection:query(LEASE:format(tenant))
end
answers.lease = ROW

function works.lease_and_back(tenant)
    works.lease(tenant)
    connection:query(RELEASE:format(connection.row[ID]))
end
answers.lease_and_back = ROW

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

-- sysbench repeats an event after a deadlock; the first and the last call are no events.
local function call_until_done(thread)
    local is_done, problem
    repeat
        is_done, problem = pcall(call, thread)
        local is_deadlock = type(problem) == "table"
            and problem.errcode == sysbench.error.RESTART_EVENT
    until is_done or not is_deadlock
    if not is_done then
        error(problem, 0)
    end
end

local function call_and_look(thread)
    call_until_done(thread)
    local answer, status = answers[sysbench.opt.work], sysbench.opt.status
    if answer == ROW then
        status = connection.row[STATUS]
    elseif answer then
        status = connection:query_row("SELECT " .. answer)
    end
    if status ~= sysbench.opt.status then
        error(("%s was answered %s"):format(sysbench.opt.work, status))
    end
end

-- What the server's thread of this connection has run for, in nanoseconds, by Linux's scheduler.
local function thread_ran()
    local file = schedstat and io.open(schedstat)
    if not file then
        return nil
    end
    local ran = file:read("*n")
    file:close()
    return ran
end

function thread_init(thread)
    local driver = sysbench.sql.driver():connect()
    if sysbench.opt.work == "scenario2" or sysbench.opt.work == "order_by_hand" then
        read_quota_ids(driver)
    elseif sysbench.opt.work == "by_key" then
        read_sample(driver)
    elseif sysbench.opt.prepared > 0 then
        read_prepared(driver, thread)
    end
    connection = driver
    is_drain = sysbench.opt.client == "drain"
    if is_drain then
        driver:disconnect()
        connection = require("drain").connect()
    end
    if sysbench.opt.server > 0 then
        schedstat = ("/proc/%d/task/%d/schedstat"):format(
            sysbench.opt.server, connection:query_row(OWN_THREAD))
    end
    call_and_look(thread)
    ran_before = thread_ran()
end

function event(thread)
    call(thread)
end

function thread_done(thread)
    local ran = ran_before and thread_ran() - ran_before or 0
    call_and_look(thread)
    -- sysbench lets an error pass here: a thread that says nothing has failed.
    say('{"cpu_ns": %d, "deadlocks": %d}', ran, is_drain and connection.deadlocks or 0)
    connection:disconnect()
end

function sysbench.hooks.report_cumulative(stat)
    say('{"calls": %d, "rate": %.3f, "tail_ms": %.4f, "longest_ms": %.4f, "errors": %d}',
        stat.events, stat.events / stat.time_total, stat.latency_pct * 1000, stat.latency_max * 1000,
        stat.errors)
end
