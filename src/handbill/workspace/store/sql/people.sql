-- name: get
SELECT person, id, email, email_key, unsubscribed, attributes, timestamps, created FROM people WHERE person = :person

-- name: by_id
SELECT person FROM people WHERE id = :id

-- name: by_email
SELECT person FROM people WHERE email_key = :key ORDER BY person

-- name: by_person
SELECT person FROM people WHERE person = :person

-- name: by_ids
SELECT person, id, email, email_key, unsubscribed, attributes, timestamps, created
FROM people WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY person

-- name: numbers
SELECT id, person FROM people WHERE id IN (SELECT value FROM json_each(:ids))

-- name: search
SELECT person, id, email FROM people
WHERE person > coalesce(:after, 0) AND (/*where*/) ORDER BY person LIMIT :limit

-- name: newest
SELECT person, id, email FROM people
WHERE person < coalesce(:after, 1 << 53) AND (/*where*/) ORDER BY person DESC LIMIT :limit

-- name: matches
SELECT 1 FROM people WHERE person = :person AND (/*where*/)

-- name: count
SELECT count(*) FROM people WHERE /*where*/

-- name: add
INSERT INTO people (id, email, email_key, unsubscribed, attributes, timestamps, created)
VALUES (:id, :email, :email_key, :unsubscribed, :attributes, :timestamps, :created) RETURNING person

-- name: change
UPDATE people SET id = :id, email = :email, email_key = :email_key, unsubscribed = :unsubscribed,
  attributes = :attributes, timestamps = :timestamps
WHERE person = :person

-- name: delete
DELETE FROM people WHERE person = :person

-- name: suppress
INSERT INTO suppressions (identifier, reason, created, detail) VALUES (:identifier, 'profile', :created, :profile)
ON CONFLICT DO NOTHING

-- name: unsuppress
DELETE FROM suppressions WHERE reason = 'profile' AND (identifier = :identifier OR detail = :profile)

-- name: suppressed_profile
SELECT nullif(detail, '') FROM suppressions WHERE identifier = :identifier AND reason = 'profile'

-- name: is_suppressed
SELECT 1 FROM suppressions WHERE identifier IN (:id, :email) AND reason = 'profile'

-- name: devices
SELECT token, platform, last_used, attributes FROM devices WHERE person = :person ORDER BY token

-- name: device
SELECT platform, attributes FROM devices WHERE person = :person AND token = :token

-- name: put_device
INSERT INTO devices (person, token, platform, last_used, attributes)
VALUES (:person, :token, :platform, :last_used, :attributes)
ON CONFLICT (person, token) DO UPDATE
SET platform = excluded.platform, last_used = excluded.last_used, attributes = excluded.attributes

-- name: delete_device
DELETE FROM devices WHERE person = :person AND token = :token
