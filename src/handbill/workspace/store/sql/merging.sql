-- name: events
UPDATE events SET person = :primary WHERE person = :secondary

-- name: devices
UPDATE OR IGNORE devices SET person = :primary WHERE person = :secondary

-- name: segments
UPDATE OR IGNORE segment_people SET person = :primary WHERE person = :secondary

-- name: relationships
UPDATE OR IGNORE relationships SET person = :primary WHERE person = :secondary

-- name: optouts
UPDATE OR IGNORE optouts SET person = :primary WHERE person = :secondary

-- name: named
UPDATE OR IGNORE trigger_people SET person = :primary
WHERE person = :secondary
  AND trigger_id IN (SELECT id FROM triggers WHERE state IN ('accepted', 'preparing', 'sending'))

-- name: deliveries
UPDATE OR IGNORE deliveries SET person = :primary WHERE person = :secondary

-- name: journeys
UPDATE journeys SET person = :primary WHERE person = :secondary

-- name: activities
UPDATE activities SET person = :primary WHERE person = :secondary
