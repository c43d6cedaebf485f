# needs: sqlite3
sqlite3 db <<'END'
create table t(id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into t select i, 'name' || (i % 37), i * 1.5 from n;
create index x on t(name);
select name, count(*), sum(value) from t group by name order by 2 desc, 1 limit 5;
select avg(value), max(id), group_concat(id) from t where name = 'name3' and id < 300;
begin; delete from t where id % 2; rollback; select count(*) from t; pragma integrity_check;
END
