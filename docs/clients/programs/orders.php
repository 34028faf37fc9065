<?php
// Orders that are paid with quota: PHP and mysqli.
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

function connect(): mysqli
{
    $connection = new mysqli(
        getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'), (int) getenv('DB_PORT'));
    $connection->set_charset('utf8mb4');
    return $connection;
}

/** Call a procedure, read its row, and then every further result: a CALL ends with its own. */
function call(mysqli $connection, string $procedure, mixed ...$values): array
{
    $marks = implode(', ', array_fill(0, count($values), '?'));
    $statement = $connection->prepare("CALL $procedure($marks)");
    $statement->execute($values);
    $answer = $statement->get_result()->fetch_assoc();
    while ($statement->next_result()) {
        $statement->get_result();
    }
    $statement->close();
    return $answer;
}

/** The first word of an error of ours, else nothing. */
function word(mysqli_sql_exception $error): string
{
    return str_starts_with($error->getSqlState(), '45') ? strstr($error->getMessage(), ':', true) : '';
}

/** Whether all of our transaction may be done again, with the same key. */
function may_do_again(mysqli_sql_exception $error): bool
{
    $again = [1205, 1206, 1213, 1305, 1317, 1370, 2002, 2006, 2013, 3100];
    return in_array($error->getCode(), $again, true) || word($error) === 'interrupted';
}

/** Write the order and charge for it: both or neither. The same order may be placed again. */
function place_order(string $order_no, int $codes): array
{
    for ($attempt = 1; ; $attempt++) {
        try {
            $connection = connect();
            $connection->begin_transaction();
            $connection->prepare("INSERT INTO orders VALUES (?, 'CH_123', ?) ON DUPLICATE KEY UPDATE order_no = order_no")
                ->execute([$order_no, $codes]);
            $answer = call($connection, 'consume_quota', 'CH_123', 'REDEEM_CODE', $codes, 'ORDER', $order_no, null);
            $answer['success'] ? $connection->commit() : $connection->rollback();
            return $answer;
        } catch (mysqli_sql_exception $error) {
            unset($connection);  // the server rolls back
            if ($attempt === 8 || !may_do_again($error)) {
                throw $error;
            }
            usleep(50_000 * $attempt);
        }
    }
}

$orders = [['order-1', 1], ['order-1', 1], ['order-🎁', 1], ['order-2', 4], ['order-3', 6]];
foreach ($orders as [$order_no, $codes]) {
    $answer = place_order($order_no, $codes);
    $wait = $answer['retry_after_ms'];  // null: waiting does not help
    $rest = match (true) {
        (bool) $answer['success'] => "{$answer['remaining']} left",
        $wait === null => 'for good',
        default => 'again in ' . ceil($wait / 1000) . ' s',
    };
    echo "$order_no: {$answer['status']}, $rest\n";
}

// Outside of a transaction, so that each call is durable when its answer arrives.
$connection = connect();
$lease = call($connection, 'acquire_quota_lease', 'CH_123', 'EXPORT', 'orders.php', 30);
if ($lease['success']) {
    try {
        // the work; every 10 seconds:
        call($connection, 'renew_quota_lease', $lease['lease_id'], 30);
    } finally {
        $released = call($connection, 'release_quota_lease', $lease['lease_id']);
        echo 'lease: ', strtolower($released['status']), "\n";
    }
}

try {
    call($connection, 'consume_quota', 'CH_123', 'REDEEM_CODE', 0, null, null, null);
} catch (mysqli_sql_exception $error) {
    if (word($error) !== 'invalid_argument') {
        throw $error;
    }
    echo "error: {$error->getMessage()}\n";
}
