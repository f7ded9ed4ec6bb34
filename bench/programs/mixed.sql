-- Fixed work for sqlite3: inserts, indexes, joins, groups, updates.
create table item (id integer primary key, kind integer, name text, weight real);
create table note (item integer, text text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
insert into item select i, i * 7919 % 97, 'name ' || (i * 31 % 5000), i / 7.0 from n;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
insert into note select i * 13 % 200000, 'note ' || i from n;
create index item_kind on item (kind);
create index note_item on note (item);
select kind, count(*), round(sum(weight), 3) from item group by kind order by kind limit 5;
select count(*), sum(length(note.text)) from item join note on note.item = item.id where item.kind < 60;
update item set weight = weight * 2 where kind % 3 = 1;
select name, max(weight) from item group by name order by 2 desc limit 3;
select count(distinct name) from item where name like '%9%';
delete from note where item % 5 = 0;
select count(*), sum(item) from note;
