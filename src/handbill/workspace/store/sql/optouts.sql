-- name: of_people
SELECT o.person, o.channel, o.sender FROM json_each(:people) j JOIN optouts o ON o.person = j.value
WHERE :sender IS NULL OR o.sender = :sender
ORDER BY o.person, o.channel, o.sender

-- name: page
SELECT DISTINCT o.person, p.id FROM optouts o JOIN people p ON p.person = o.person
WHERE o.person > :after ORDER BY o.person LIMIT :limit

-- name: page_of_sender
SELECT DISTINCT o.person, p.id FROM optouts o JOIN people p ON p.person = o.person
WHERE o.sender = :sender AND o.person > :after ORDER BY o.person LIMIT :limit

-- name: clear
DELETE FROM optouts WHERE person = :person

-- name: add
INSERT INTO optouts (person, channel, sender, created) VALUES (:person, :channel, :sender, :now)
