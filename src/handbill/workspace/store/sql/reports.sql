-- name: delivery
SELECT * FROM deliveries WHERE delivery = :delivery

-- name: note
UPDATE deliveries SET /*metric*/ = :at WHERE delivery = :delivery

-- name: count
UPDATE deliveries SET /*column*/ = coalesce(/*column*/, 0) + :by WHERE delivery = :delivery RETURNING /*column*/

-- name: arrived
UPDATE deliveries SET state = 'sent', sent = :at, failure_message = NULL WHERE delivery = :delivery

-- name: was_machine
UPDATE activities SET data = json_set(coalesce(data, '{}'), '$./*key*/', json('true')) WHERE activity = (
  SELECT activity FROM activities
  WHERE person = :person AND delivery = :delivery AND type = :type
    AND (:link IS NULL OR data ->> 'link_id' = :link)
  ORDER BY activity DESC LIMIT 1)

-- name: explain
UPDATE deliveries SET failure_message = :detail WHERE delivery = :delivery
