-- A client that takes all that a CALL answers, its row too: sysbench 1.0's own driver leaves
-- the second result behind (error 2014). It is MySQL's C library, which sysbench has loaded.
--
-- query keeps the first row of the answer, query_row returns its first value, as sysbench's do.

local ffi = require("ffi")

ffi.cdef([[
    typedef struct st_mysql MYSQL;
    typedef struct st_mysql_res MYSQL_RES;
    MYSQL *mysql_init(MYSQL *);
    MYSQL *mysql_real_connect(MYSQL *, const char *host, const char *user, const char *password,
                              const char *database, unsigned int port, const char *socket,
                              unsigned long flags);
    int mysql_real_query(MYSQL *, const char *, unsigned long);
    MYSQL_RES *mysql_store_result(MYSQL *);
    unsigned int mysql_num_fields(MYSQL_RES *);
    char **mysql_fetch_row(MYSQL_RES *);
    void mysql_free_result(MYSQL_RES *);
    int mysql_next_result(MYSQL *);
    unsigned int mysql_errno(MYSQL *);
    const char *mysql_error(MYSQL *);
    void mysql_close(MYSQL *);
]])

local MULTI_RESULTS = 131072 -- CLIENT_MULTI_RESULTS
local DEADLOCK = 1213

local Client = {}
Client.__index = Client

local function first_row(result)
    local row, values = ffi.C.mysql_fetch_row(result), {}
    for number = 1, row ~= nil and ffi.C.mysql_num_fields(result) or 0 do
        values[number] = row[number - 1] ~= nil and ffi.string(row[number - 1]) or nil
    end
    return values
end

-- A deadlock is counted and the event repeated, as sysbench does with its own driver.
function Client:fail()
    if ffi.C.mysql_errno(self.mysql) == DEADLOCK then
        self.deadlocks = self.deadlocks + 1
        error({ errcode = sysbench.error.RESTART_EVENT })
    end
    error(ffi.string(ffi.C.mysql_error(self.mysql)))
end

function Client:query(statement)
    self.row = nil
    if ffi.C.mysql_real_query(self.mysql, statement, #statement) ~= 0 then
        self:fail()
    end
    local more
    repeat
        local result = ffi.C.mysql_store_result(self.mysql)
        if result ~= nil then
            self.row = self.row or first_row(result)
            ffi.C.mysql_free_result(result)
        end
        more = ffi.C.mysql_next_result(self.mysql) -- 0: another result; -1: none; else an error
    until more ~= 0
    if more > 0 then
        self:fail()
    end
end

function Client:query_row(statement)
    self:query(statement)
    return self.row[1]
end

function Client:disconnect()
    ffi.C.mysql_close(self.mysql)
end

-- An option that sysbench may be given several times is a list.
local function option(name)
    local value = sysbench.opt[name]
    return type(value) == "table" and value[1] or value
end

local function connect()
    local client = setmetatable({ mysql = ffi.C.mysql_init(nil), deadlocks = 0 }, Client)
    local connected = ffi.C.mysql_real_connect(
        client.mysql, nil, option("mysql_user"), option("mysql_password"), option("mysql_db"), 0,
        option("mysql_socket"), MULTI_RESULTS
    )
    if connected == nil then
        client:fail()
    end
    return client
end

return { connect = connect }
