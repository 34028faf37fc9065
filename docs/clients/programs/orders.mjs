// Orders that are paid with quota: Node and mysql2.
import mysql from "mysql2/promise";

const pool = mysql.createPool({
  host: process.env.DB_HOST,
  port: Number(process.env.DB_PORT),
  user: process.env.DB_USER,
  password: process.env.DB_PASSWORD,
  database: process.env.DB_NAME,
  charset: "utf8mb4",
  supportBigNumbers: true, // a BIGINT that a number cannot hold comes as a string
});

// After these all of our transaction may be done again, with the same key.
const AGAIN = new Set([1205, 1206, 1213, 1305, 1317, 1370, 3100]);
const LOST = new Set(["PROTOCOL_CONNECTION_LOST", "ECONNRESET", "ECONNREFUSED", "EPIPE"]);
const mayDoAgain = (error) =>
  AGAIN.has(error.errno) || LOST.has(error.code) || word(error) === "interrupted";

// The SQLSTATE is in error.sqlState; the message's first word says the same.
const word = (error) => (error.sqlState?.startsWith("45") ? error.sqlMessage.split(":")[0] : "");

// query() has read all results: the answer's rows come first, the CALL's own result last.
async function call(connection, procedure, ...values) {
  const marks = values.map(() => "?").join(", ");
  const [[[answer]]] = await connection.query(`CALL ${procedure}(${marks})`, values);
  return answer;
}

// Write the order and charge for it: both or neither. The same order may be placed again.
async function placeOrder(orderNo, codes) {
  for (let attempt = 1; ; attempt++) {
    let connection;
    try {
      connection = await pool.getConnection();
      await connection.beginTransaction();
      await connection.query(
        "INSERT INTO orders VALUES (?, 'CH_123', ?) ON DUPLICATE KEY UPDATE order_no = order_no",
        [orderNo, codes],
      );
      const answer = await call(
        connection, "consume_quota", "CH_123", "REDEEM_CODE", codes, "ORDER", orderNo, null);
      if (answer.success) await connection.commit();
      else await connection.rollback();
      connection.release();
      return answer;
    } catch (error) {
      connection?.destroy(); // the server rolls back; another connection takes its place
      if (attempt === 8 || !mayDoAgain(error)) throw error;
      await new Promise((done) => setTimeout(done, 50 * attempt));
    }
  }
}

const orders = [["order-1", 1], ["order-1", 1], ["order-🎁", 1], ["order-2", 4], ["order-3", 6]];
for (const [orderNo, codes] of orders) {
  const answer = await placeOrder(orderNo, codes);
  let rest = "for good"; // retry_after_ms null: waiting does not help
  if (answer.success) rest = `${answer.remaining} left`;
  else if (answer.retry_after_ms !== null) rest = `again in ${Math.ceil(answer.retry_after_ms / 1000)} s`;
  console.log(`${orderNo}: ${answer.status}, ${rest}`);
}

// Outside of a transaction, so that each call is durable when its answer arrives.
const lease = await call(pool, "acquire_quota_lease", "CH_123", "EXPORT", "orders.mjs", 30);
if (lease.success) {
  let isHeld = true;
  const timer = setInterval(async () => {
    try {
      isHeld = (await call(pool, "renew_quota_lease", lease.lease_id, 30)).success === 1;
    } catch (error) {
      console.error(error); // the next renewal comes before the lease's time is over
    }
  }, 10_000);
  try {
    // the work, as long as isHeld
  } finally {
    clearInterval(timer);
    const released = await call(pool, "release_quota_lease", lease.lease_id);
    console.log(`lease: ${released.status.toLowerCase()}`);
  }
}

try {
  await call(pool, "consume_quota", "CH_123", "REDEEM_CODE", 0, null, null, null);
} catch (error) {
  if (word(error) !== "invalid_argument") throw error;
  console.log(`error: ${error.sqlMessage}`);
}
await pool.end();
