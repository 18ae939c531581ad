-- Weekly adherence over flat Parquet files, as an analyst who knows DuckDB would write it: intervals instead of days,
-- an ASOF join for the plan version, one hash join for the exercises. It uses what is known of the registry: one
-- schedule per version, no discharges, breaks that do not overlap, and a fraction on every row.
-- {data} is the folder, {accrual} the seven weekday columns a0..a6, {weekday_sum} their sum over a span.
WITH cutoff AS (SELECT max(started_at)::DATE AS d FROM read_parquet('{data}/sessions.parquet')),
versions AS (
  SELECT patient_id, plan_version, min(valid_from_date) AS from_date,
         least(max(valid_to_date),
               lead(min(valid_from_date)) OVER (PARTITION BY patient_id ORDER BY min(valid_from_date), plan_version) - 1,
               (SELECT d FROM cutoff)) AS to_date,
         min(min(valid_from_date)) OVER (PARTITION BY patient_id) AS start_date,
         count(*) AS n_items, coalesce(max(sessions_per_day), 1) AS max_per_day, {accrual}
  FROM read_parquet('{data}/plans.parquet') GROUP BY patient_id, plan_version
  QUALIFY from_date <= to_date),
holds AS (
  SELECT patient_id, from_date, coalesce(to_date, (SELECT d FROM cutoff)) AS to_date
  FROM read_parquet('{data}/pauses.parquet') WHERE coalesce(is_excused, kind <> 'holiday')),
held AS (
  SELECT v.* REPLACE (greatest(v.from_date, h.from_date) AS from_date, least(v.to_date, h.to_date) AS to_date)
  FROM versions v JOIN holds h
    ON v.patient_id = h.patient_id AND h.from_date <= v.to_date AND h.to_date >= v.from_date),
spans AS (SELECT *, 1 AS sign FROM versions UNION ALL SELECT *, -1 FROM held),
pieces AS (
  SELECT patient_id, sign, week, greatest(from_date, start_date + 7 * week) AS f,
         least(to_date, start_date + 7 * week + 6) AS t, a0, a1, a2, a3, a4, a5, a6, start_date + 7 * week AS week_start
  FROM (SELECT *, unnest(range((from_date - start_date) // 7, (to_date - start_date) // 7 + 1))::INT AS week FROM spans)),
prescribed AS (
  SELECT patient_id, week, any_value(week_start) AS week_start_date, sum(sign * (t - f + 1)) AS eligible_days,
         sum(sign * ({weekday_sum})) / 7 AS prescribed
  FROM pieces GROUP BY patient_id, week),
items AS (SELECT patient_id, exercise_id, plan_version FROM read_parquet('{data}/plans.parquet')),
logged AS (
  SELECT patient_id, session_id, exercise_id, started_at::DATE AS day, least(completed_fraction, 1) AS fraction
  FROM read_parquet('{data}/sessions.parquet')),
in_force AS (
  SELECT l.*, v.plan_version, v.n_items, v.max_per_day, v.start_date
  FROM logged l ASOF LEFT JOIN versions v ON l.patient_id = v.patient_id AND l.day >= v.from_date),
bouts AS (
  SELECT f.patient_id, f.session_id, any_value(f.day) AS day, any_value(max_per_day) AS max_per_day,
         any_value(start_date) AS start_date,
         CASE WHEN count(i.patient_id) > 0
              THEN sum(fraction) FILTER (i.patient_id IS NOT NULL) / any_value(n_items)
              ELSE avg(fraction) END AS completion
  FROM in_force f LEFT JOIN items i
    ON f.patient_id = i.patient_id AND f.plan_version = i.plan_version AND f.exercise_id = i.exercise_id
  GROUP BY f.patient_id, f.session_id),
days AS (
  SELECT patient_id, day, any_value(start_date) AS start_date, count(*) AS logged,
         least(count(*) FILTER (completion >= 0.5 - 1e-9), any_value(max_per_day)) AS counted
  FROM bouts GROUP BY patient_id, day),
weeks AS (
  SELECT d.patient_id, (day - start_date) // 7 AS week, sum(logged) AS logged,
         sum(counted) FILTER (h.patient_id IS NULL) AS counted
  FROM days d LEFT JOIN holds h ON d.patient_id = h.patient_id AND d.day BETWEEN h.from_date AND h.to_date
  GROUP BY ALL)
SELECT p.patient_id, (p.week + 1)::INT AS week, p.week_start_date, p.eligible_days, p.prescribed,
       CASE WHEN p.prescribed > 1e-9 THEN coalesce(w.counted, 0) ELSE 0 END AS counted, coalesce(w.logged, 0) AS logged,
       CASE WHEN p.prescribed > 1e-9 THEN 100 * least(coalesce(w.counted, 0) / p.prescribed, 1) END AS adherence_pct
FROM prescribed p LEFT JOIN weeks w ON p.patient_id = w.patient_id AND p.week = w.week
ORDER BY p.patient_id, p.week
