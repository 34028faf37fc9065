// Orders that are paid with quota: Go and go-sql-driver/mysql.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Answer holds the columns that this program needs.
type Answer struct {
	Success      bool
	Status       string
	Remaining    sql.NullInt64
	RetryAfterMs sql.NullInt64
	LeaseID      sql.NullString
}

// Querier is a *sql.DB outside of a transaction, or a *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...interface{}) (*sql.Rows, error)
}

// call reads the row by the columns' names, and then every further result: a CALL ends with its own.
func call(ctx context.Context, db Querier, procedure string, values ...interface{}) (Answer, error) {
	var answer Answer
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
	rows, err := db.QueryContext(ctx, "CALL "+procedure+"("+marks+")", values...)
	if err != nil {
		return answer, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return answer, err
	}
	places := make([]interface{}, len(columns))
	for i, name := range columns {
		switch name {
		case "success":
			places[i] = &answer.Success
		case "status":
			places[i] = &answer.Status
		case "remaining":
			places[i] = &answer.Remaining
		case "retry_after_ms":
			places[i] = &answer.RetryAfterMs
		case "lease_id":
			places[i] = &answer.LeaseID
		default:
			places[i] = new(interface{})
		}
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return answer, err
		}
	}
	for rows.NextResultSet() {
	}
	return answer, rows.Err()
}

// word returns the first word of an error of ours (1644 is SIGNAL), else nothing.
func word(err error) string {
	var failed *mysql.MySQLError
	if errors.As(err, &failed) && failed.Number == 1644 {
		return strings.SplitN(failed.Message, ":", 2)[0]
	}
	return ""
}

// mayDoAgain says whether all of our transaction may be done again, with the same key.
func mayDoAgain(err error) bool {
	var failed *mysql.MySQLError
	if errors.As(err, &failed) {
		switch failed.Number {
		case 1205, 1206, 1213, 1305, 1317, 1370, 3100:
			return true
		}
	}
	lost := errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn)
	return lost || word(err) == "interrupted"
}

// placeOrder writes the order and charges for it: both or neither. It may be placed again.
func placeOrder(ctx context.Context, db *sql.DB, orderNo string, codes int) (Answer, error) {
	for attempt := 1; ; attempt++ {
		answer, err := tryOrder(ctx, db, orderNo, codes)
		if err == nil || attempt == 8 || !mayDoAgain(err) {
			return answer, err
		}
		time.Sleep(time.Duration(attempt) * 50 * time.Millisecond)
	}
}

func tryOrder(ctx context.Context, db *sql.DB, orderNo string, codes int) (Answer, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return Answer{}, err
	}
	defer tx.Rollback() // after a commit it does nothing
	_, err = tx.ExecContext(ctx,
		"INSERT INTO orders VALUES (?, 'CH_123', ?) ON DUPLICATE KEY UPDATE order_no = order_no", orderNo, codes)
	if err != nil {
		return Answer{}, err
	}
	answer, err := call(ctx, tx, "consume_quota", "CH_123", "REDEEM_CODE", codes, "ORDER", orderNo, nil)
	if err != nil || !answer.Success {
		return answer, err
	}
	return answer, tx.Commit()
}

func main() {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", os.Getenv("DB_HOST")+":"+os.Getenv("DB_PORT")
	config.User, config.Passwd = os.Getenv("DB_USER"), os.Getenv("DB_PASSWORD")
	config.DBName, config.Collation = os.Getenv("DB_NAME"), "utf8mb4_bin"
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()

	for _, order := range []struct {
		no    string
		codes int
	}{{"order-1", 1}, {"order-1", 1}, {"order-🎁", 1}, {"order-2", 4}, {"order-3", 6}} {
		answer, err := placeOrder(ctx, db, order.no, order.codes)
		if err != nil {
			log.Fatal(err)
		}
		rest := "for good" // retry_after_ms NULL: waiting does not help
		if answer.Success {
			rest = fmt.Sprintf("%d left", answer.Remaining.Int64)
		} else if answer.RetryAfterMs.Valid {
			rest = fmt.Sprintf("again in %d s", (answer.RetryAfterMs.Int64+999)/1000)
		}
		fmt.Printf("%s: %s, %s\n", order.no, answer.Status, rest)
	}

	// Outside of a transaction, so that each call is durable when its answer arrives.
	lease, err := call(ctx, db, "acquire_quota_lease", "CH_123", "EXPORT", "orders.go", 30)
	if err != nil {
		log.Fatal(err)
	}
	if lease.Success {
		// The work; every 10 seconds:
		if _, err := call(ctx, db, "renew_quota_lease", lease.LeaseID, 30); err != nil {
			log.Print(err)
		}
		released, err := call(ctx, db, "release_quota_lease", lease.LeaseID)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("lease: %s\n", strings.ToLower(released.Status))
	}

	_, err = call(ctx, db, "consume_quota", "CH_123", "REDEEM_CODE", 0, nil, nil, nil)
	var failed *mysql.MySQLError
	if word(err) != "invalid_argument" || !errors.As(err, &failed) {
		log.Fatal(err)
	}
	fmt.Printf("error: %s\n", failed.Message)
}
