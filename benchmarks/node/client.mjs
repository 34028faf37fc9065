// Drives rate-limiter-flexible, consume_quota or the floor on one MySQL through a pool alike.
//
// Reads one JSON object from standard input: socket, password, database, work (theirs, ours
// or floor), prefix, tenants, connections, seconds. Prints rate (a second) and p95_ms as JSON.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import mysql from "mysql2/promise";
import callbackMysql from "mysql2";
import { RateLimiterMySQL } from "rate-limiter-flexible";

const options = JSON.parse(readFileSync(0, "utf8"));
const MONTH = 30 * 24 * 3600;
const PLENTY = 1e12;

const settings = {
  socketPath: options.socket,
  user: "root",
  password: options.password,
  database: options.database,
  connectionLimit: options.connections,
};

async function theirs() {
  const pool = callbackMysql.createPool(settings);
  const limiter = await new Promise((resolve, reject) => {
    const made = new RateLimiterMySQL(
      {
        storeClient: pool,
        dbName: options.database,
        tableName: "rate_limiter_flexible",
        points: PLENTY,
        duration: MONTH,
        clearExpiredByTimeout: false,
      },
      (error) => (error ? reject(error) : resolve(made)),
    );
  });
  return { call: (tenant) => limiter.consume(tenant, 1), end: () => pool.promise().end() };
}

async function ours() {
  const pool = mysql.createPool(settings);
  const call = async (tenant) => {
    const [[[answer]]] = await pool.query("CALL consume_quota(?, 'UNITS', 1, 'ORDER', ?, NULL)", [
      tenant,
      randomUUID(),
    ]);
    if (answer.status !== "GRANTED") throw new Error(`answered ${answer.status}`);
  };
  return { call, end: () => pool.end() };
}

async function floor() {
  const pool = mysql.createPool(settings);
  const statement = "CALL bench_floor(?, 'UNITS', 1, 'ORDER', ?, @success)";
  return { call: (tenant) => pool.query(statement, [tenant, randomUUID()]), end: () => pool.end() };
}

const { call, end } = await { theirs, ours, floor }[options.work]();
const tenant = () => options.prefix + (1 + Math.floor(Math.random() * options.tenants));
const workers = Array.from({ length: options.connections });
// Every connection works before the clock runs: the server compiles procedures for each.
await Promise.all(workers.flatMap(() => [call(tenant()), call(tenant()), call(tenant())]));

const took = [];
const begun = performance.now();
const until = begun + options.seconds * 1000;
await Promise.all(
  workers.map(async () => {
    for (let before = performance.now(); before < until; ) {
      await call(tenant());
      const now = performance.now();
      took.push(now - before);
      before = now;
    }
  }),
);
const seconds = (performance.now() - begun) / 1000;
took.sort((a, b) => a - b);
const p95 = took[Math.floor(took.length * 0.95)];
console.log(JSON.stringify({ rate: took.length / seconds, p95_ms: p95 }));
await end();
