# Orders that are paid with quota: Ruby and mysql2.
require "mysql2"

def connect
  Mysql2::Client.new(
    host: ENV["DB_HOST"], port: ENV["DB_PORT"].to_i, username: ENV["DB_USER"],
    password: ENV["DB_PASSWORD"], database: ENV["DB_NAME"], encoding: "utf8mb4"
  )
end

# Call a procedure, read its row, and then every further result: a CALL ends with its own.
def call(client, procedure, *values)
  quoted = values.map do |value|
    case value
    when nil then "NULL"
    when Integer then value.to_s
    else "'#{client.escape(value)}'"
    end
  end
  answer = client.query("CALL #{procedure}(#{quoted.join(', ')})").first
  client.abandon_results!
  answer
end

# The first word of an error of ours, else nothing.
def word(error)
  error.sql_state.to_s.start_with?("45") ? error.message[/\A\w+/] : ""
end

# Whether all of our transaction may be done again, with the same key.
def may_do_again?(error)
  again = [1205, 1206, 1213, 1305, 1317, 1370, 2002, 2003, 2006, 2013, 3100]
  again.include?(error.error_number) || word(error) == "interrupted"
end

# Write the order and charge for it: both or neither. The same order may be placed again.
def place_order(order_no, codes)
  attempt = 0
  begin
    attempt += 1
    client = connect
    client.query("BEGIN")
    client.query("INSERT INTO orders VALUES ('#{client.escape(order_no)}', 'CH_123', #{codes}) " \
                 "ON DUPLICATE KEY UPDATE order_no = order_no")
    answer = call(client, "consume_quota", "CH_123", "REDEEM_CODE", codes, "ORDER", order_no, nil)
    client.query(answer["success"] == 1 ? "COMMIT" : "ROLLBACK")
    answer
  rescue Mysql2::Error => error
    raise if attempt == 8 || !may_do_again?(error)

    client&.close # the server rolls back
    sleep 0.05 * attempt
    retry
  ensure
    client&.close
  end
end

orders = [["order-1", 1], ["order-1", 1], ["order-🎁", 1], ["order-2", 4], ["order-3", 6]]
orders.each do |order_no, codes|
  answer = place_order(order_no, codes)
  wait = answer["retry_after_ms"] # nil: waiting does not help
  rest = if answer["success"] == 1 then "#{answer['remaining']} left"
         elsif wait.nil? then "for good"
         else "again in #{(wait / 1000.0).ceil} s"
         end
  puts "#{order_no}: #{answer['status']}, #{rest}"
end

# Outside of a transaction, so that each call is durable when its answer arrives.
client = connect
lease = call(client, "acquire_quota_lease", "CH_123", "EXPORT", "orders.rb", 30)
if lease["success"] == 1
  begin
    # the work; every 10 seconds:
    call(client, "renew_quota_lease", lease["lease_id"], 30)
  ensure
    released = call(client, "release_quota_lease", lease["lease_id"])
    puts "lease: #{released['status'].downcase}"
  end
end

begin
  call(client, "consume_quota", "CH_123", "REDEEM_CODE", 0, nil, nil, nil)
rescue Mysql2::Error => error
  raise unless word(error) == "invalid_argument"

  puts "error: #{error.message}"
end
