-- name: attribute
/*column*/ -> /*path*/

-- name: odd_attribute
(SELECT CASE
   WHEN type IN ('true', 'false') THEN type
   WHEN type IN ('object', 'array') THEN value
   ELSE json_quote(value)
 END FROM json_each(/*column*/) WHERE key = /*field*/)

-- name: id
json_quote(people.id)

-- name: email
json_quote(people.email)

-- name: cio_id
printf('"a3%06x"', people.person)

-- name: object_id
json_quote(objects.object_id)

-- name: cio_object_id
printf('"ob%06x"', objects.object)

-- name: unsubscribed
CASE people.unsubscribed WHEN 1 THEN 'true' ELSE 'false' END

-- name: id_is
people.person IN (SELECT person FROM people WHERE id = /*value*/)

-- name: email_is
people.person IN (SELECT person FROM people WHERE email_key = /*value*/)

-- name: equals
(/*json*/ = /*text*/) IS TRUE

-- name: equals_either
(/*json*/ = /*bare*/ OR /*json*/ = /*text*/) IS TRUE

-- name: exists
/*json*/ IS NOT NULL AND /*json*/ <> 'null'

-- name: contains
(/*json*/ <> 'null'
  AND instr(CASE WHEN substr(/*json*/, 1, 1) = '"' THEN /*json*/ ->> '$' ELSE /*json*/ END, /*text*/) > 0) IS TRUE

-- name: between
(trim(/*json*/, '"') BETWEEN CAST(/*least*/ AS NUMERIC) AND CAST(/*most*/ AS NUMERIC)) IS TRUE

-- name: manual_segment
people.person IN (SELECT person FROM segment_people WHERE segment = /*segment*/)

-- name: event_once
people.person IN (
  SELECT person FROM events
  WHERE name = /*name*/ AND timestamp >= /*since*/ AND timestamp < /*until*/ AND /*where*/)

-- name: event_times
people.person IN (
  SELECT person FROM events
  WHERE name = /*name*/ AND timestamp >= /*since*/ AND timestamp < /*until*/ AND /*where*/
  GROUP BY person HAVING count(*) >= /*times*/)

-- name: segment
SELECT conditions FROM segments WHERE id = :segment
