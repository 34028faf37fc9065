// Orders that are paid with quota: Java and MariaDB's driver.
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.Set;

public class Orders {
    record Answer(boolean success, String status, Long remaining, Long retryAfterMs, String leaseId) {}

    // After these all of our transaction may be done again, with the same key.
    static final Set<Integer> AGAIN = Set.of(1205, 1206, 1213, 1305, 1317, 1370, 3100);

    static Connection connect() throws SQLException {
        String url = "jdbc:mariadb://" + System.getenv("DB_HOST") + ":" + System.getenv("DB_PORT")
                + "/" + System.getenv("DB_NAME") + System.getenv().getOrDefault("DB_OPTIONS", "");
        return DriverManager.getConnection(url, System.getenv("DB_USER"), System.getenv("DB_PASSWORD"));
    }

    /** Call a procedure and read its row by the columns' names; close() reads every further result. */
    static Answer call(Connection connection, String procedure, Object... values) throws SQLException {
        String marks = String.join(", ", Collections.nCopies(values.length, "?"));
        try (PreparedStatement call = connection.prepareStatement("CALL " + procedure + "(" + marks + ")")) {
            for (int i = 0; i < values.length; i++) {
                call.setObject(i + 1, values[i]);
            }
            try (ResultSet row = call.executeQuery()) {
                row.next();
                boolean isLease = procedure.endsWith("_lease");
                return new Answer(row.getBoolean("success"), row.getString("status"), row.getObject("remaining", Long.class),
                        row.getObject("retry_after_ms", Long.class), isLease ? row.getString("lease_id") : null);
            }
        }
    }

    /** The first word of an error of ours (1644 is SIGNAL), else nothing. */
    static String word(SQLException error) {
        if (error.getErrorCode() != 1644) {
            return "";
        }
        // The driver puts "(conn=7) " before the server's words.
        return error.getMessage().replaceFirst("^\\(conn=\\d+\\) ", "").split(":")[0];
    }

    /** Whether all of our transaction may be done again, with the same key. 08 is a lost connection. */
    static boolean mayDoAgain(SQLException error) {
        String state = error.getSQLState() == null ? "" : error.getSQLState();
        return AGAIN.contains(error.getErrorCode()) || state.startsWith("08")
                || word(error).equals("interrupted");
    }

    /** Write the order and charge for it: both or neither. The same order may be placed again. */
    static Answer placeOrder(String orderNo, int codes) throws SQLException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                try (PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO orders VALUES (?, 'CH_123', ?) ON DUPLICATE KEY UPDATE order_no = order_no")) {
                    insert.setString(1, orderNo);
                    insert.setInt(2, codes);
                    insert.executeUpdate();
                }
                Answer answer = call(connection, "consume_quota",
                        "CH_123", "REDEEM_CODE", codes, "ORDER", orderNo, null);
                if (answer.success()) {
                    connection.commit();
                } else {
                    connection.rollback();
                }
                return answer;
            } catch (SQLException error) {
                if (attempt == 8 || !mayDoAgain(error)) {
                    throw error;
                }
                Thread.sleep(50L * attempt);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        Object[][] orders = {{"order-1", 1}, {"order-1", 1}, {"order-🎁", 1}, {"order-2", 4}, {"order-3", 6}};
        for (Object[] order : orders) {
            Answer answer = placeOrder((String) order[0], (Integer) order[1]);
            String rest = "for good";  // retry_after_ms NULL: waiting does not help
            if (answer.success()) {
                rest = answer.remaining() + " left";
            } else if (answer.retryAfterMs() != null) {
                rest = "again in " + (answer.retryAfterMs() + 999) / 1000 + " s";
            }
            System.out.println(order[0] + ": " + answer.status() + ", " + rest);
        }

        // Autocommit is on, so each call is durable when its answer arrives.
        try (Connection connection = connect()) {
            Answer lease = call(connection, "acquire_quota_lease", "CH_123", "EXPORT", "Orders.java", 30);
            if (lease.success()) {
                try {
                    // The work; every 10 seconds:
                    call(connection, "renew_quota_lease", lease.leaseId(), 30);
                } finally {
                    Answer released = call(connection, "release_quota_lease", lease.leaseId());
                    System.out.println("lease: " + released.status().toLowerCase());
                }
            }
            try {
                call(connection, "consume_quota", "CH_123", "REDEEM_CODE", 0, null, null, null);
            } catch (SQLException error) {
                if (!word(error).equals("invalid_argument")) {
                    throw error;
                }
                System.out.println("error: " + error.getMessage().replaceFirst("^\\(conn=\\d+\\) ", ""));
            }
        }
    }
}
