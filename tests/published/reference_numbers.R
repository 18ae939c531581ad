# Reference numbers of R packages for tests/published/test_reference_numbers.py.
#
# Run from tests/published:  Rscript reference_numbers.R
# It writes reference_data.csv (made from a fixed formula, no random numbers, so that every machine has the same),
# reference_courses.csv, reference_completed.csv, reference_numbers.csv (analysis, group, quantity, value) and
# reference_versions.csv. The tests read these files; they never run R.

suppressPackageStartupMessages({
  library(survival); library(lme4); library(nlme); library(emmeans); library(effectsize); library(mice); library(psych)
  library(geepack); library(pROC); library(jsonlite)
})

numbers <- data.frame()
keep <- function(analysis, group, quantity, value) {
  stopifnot(length(quantity) == length(value))
  numbers <<- rbind(numbers, data.frame(analysis = analysis, group = group, quantity = quantity,
                                        value = sprintf("%.12g", as.numeric(value))))
}

# --- data by formula: a low-discrepancy sequence in place of random numbers ------------------------------------------
n <- 90
i <- seq_len(n)
u <- function(k, a) (k * a) %% 1
z <- function(k, a) qnorm(0.5 / n + (1 - 1 / n) * u(k, a))
group <- c("advice", "exercise", "graded")[(i - 1) %% 3 + 1]
baseline <- round(44 + 11 * z(i, 0.6180339887), 1)
gain <- 5 + 4 * (group == "exercise") + 6 * (group == "graded") + 0.25 * (baseline - 44) + 8 * z(i, 0.7548776662)
followup <- round(baseline - gain, 1)
is_improved <- as.integer(gain + 5 * z(i, 0.5698402910) > 7)
duration_days <- round(7 + 80 * u(i, 0.4301597090) + 12 * (group == "graded"))
is_event <- as.integer(u(i, 0.8191725134) < 0.62)
study <- data.frame(patient_id = sprintf("R%03d", i), group, baseline, followup, improvement = round(baseline - followup, 1),
                    is_improved, duration_days, is_event)
write.csv(study, "reference_data.csv", row.names = FALSE, quote = FALSE)

weeks <- c(0, 3, 6, 12)
courses <- do.call(rbind, lapply(seq_along(weeks), function(j) {
  w <- weeks[j]
  value <- baseline - w * (0.7 + 0.35 * z(i, 0.3247179572)) + 3.5 * z(i + 17 * j, 0.2451223338 + 0.1 * j)
  data.frame(patient_id = study$patient_id, group, week = w, value = round(value, 1), baseline)
}))
courses <- courses[!(courses$week == 12 & u(match(courses$patient_id, study$patient_id), 0.9150512) < 0.25), ]
write.csv(courses, "reference_courses.csv", row.names = FALSE, quote = FALSE)

# --- effect sizes: effectsize and psych ------------------------------------------------------------------------------
for (g in unique(group)) {
  rows <- study[study$group == g, ]
  dz <- effectsize::cohens_d(rows$improvement, mu = 0, ci = 0.95)
  keep("effect_size", g, c("srm", "srm_lower", "srm_upper"), c(dz$Cohens_d, dz$CI_low, dz$CI_high))
  keep("effect_size", g, c("mean_improvement", "sd_improvement", "sd_baseline", "correlation"),
       c(psych::describe(rows$improvement)$mean, psych::describe(rows$improvement)$sd, psych::describe(rows$baseline)$sd,
         psych::corr.test(rows$baseline, rows$followup)$r))
  keep("effect_size", g, "hedges_g_of_srm_exact", effectsize::hedges_g(rows$improvement, mu = 0)$Hedges_g)
}

# --- survival ------------------------------------------------------------------------------------------------------------
fit <- survfit(Surv(duration_days, is_event) ~ group, data = study, conf.type = "log-log")
steps <- summary(fit, censored = TRUE)
label <- sub("group=", "", as.character(steps$strata))
for (k in seq_along(steps$time)) {
  keep("survival", label[k], paste(c("survival", "n_at_risk", "n_events", "se", "lower", "upper"), steps$time[k], sep = "@"),
       c(steps$surv[k], steps$n.risk[k], steps$n.event[k], steps$std.err[k], steps$lower[k], steps$upper[k]))
}
medians <- quantile(fit, probs = 0.5)
for (g in unique(group)) {
  row <- paste0("group=", g)
  keep("median", g, c("median", "lower", "upper"),
       c(medians$quantile[row, ], medians$lower[row, ], medians$upper[row, ]))
}
test <- survdiff(Surv(duration_days, is_event) ~ group, data = study)
for (k in seq_along(test$n)) {
  keep("log_rank", sub("group=", "", names(test$n)[k]), c("observed", "expected"), c(test$obs[k], test$exp[k]))
}
keep("log_rank", "all", c("chi2", "p_value"), c(test$chisq, pchisq(test$chisq, length(test$n) - 1, lower.tail = FALSE)))

# --- ANCOVA: lm and emmeans ----------------------------------------------------------------------------------------------
model <- lm(followup ~ baseline + group, data = study)
means <- as.data.frame(summary(emmeans(model, "group"), infer = TRUE))
for (k in seq_len(nrow(means))) {
  keep("ancova_mean", as.character(means$group[k]), c("estimate", "se", "df", "lower", "upper"),
       c(means$emmean[k], means$SE[k], means$df[k], means$lower.CL[k], means$upper.CL[k]))
}
pairs <- as.data.frame(summary(contrast(emmeans(model, "group"), "revpairwise"), infer = TRUE, adjust = "none"))
for (k in seq_len(nrow(pairs))) {
  keep("ancova_difference", as.character(pairs$contrast[k]), c("estimate", "se", "lower", "upper", "p_value"),
       c(pairs$estimate[k], pairs$SE[k], pairs$lower.CL[k], pairs$upper.CL[k], pairs$p.value[k]))
}
# Subgroups: improvement by level with baseline, and the F test of the levels; and of two arms within levels.
study$part <- ifelse(i %% 2 == 0, "even", "odd")
levels_model <- lm(improvement ~ 0 + part + I(baseline - mean(baseline)), data = study)
keep("subgroup", c("even", "odd"), c("estimate", "estimate"), coef(levels_model)[1:2])
keep("subgroup", "all", "p_interaction",
     anova(lm(improvement ~ baseline, data = study), lm(improvement ~ baseline + part, data = study))[2, "Pr(>F)"])
two <- subset(study, group != "graded")
keep("subgroup_arms", "all", "p_interaction",
     anova(lm(improvement ~ baseline + part + group, data = two), lm(improvement ~ baseline + part * group, data = two))[2, "Pr(>F)"])

# --- mixed models: lme4 and nlme ----------------------------------------------------------------------------------------
keep_mixed <- function(name, fit) {
  terms <- coef(summary(fit))
  for (k in seq_len(nrow(terms))) keep(name, rownames(terms)[k], c("estimate", "se"), terms[k, 1:2])
  spread <- as.data.frame(VarCorr(fit))
  what <- ifelse(is.na(spread$var1), "residual", ifelse(is.na(spread$var2), spread$var1, "intercept x week"))
  keep(name, what, rep("variance", length(what)), spread$vcov)
}
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e6))
keep_mixed("mixed_slope", lmer(value ~ week + (week | patient_id), data = courses, control = tight))
keep_mixed("mixed_intercept", lmer(value ~ week + (1 | patient_id), data = courses, control = tight))
courses$knot <- pmax(0, courses$week - 6)
keep_mixed("mixed_knot", lmer(value ~ week + knot + (week | patient_id), data = courses, control = tight))
same <- lme(value ~ week, random = ~ week | patient_id, data = courses, control = lmeControl(msMaxIter = 200, tolerance = 1e-10))
keep("mixed_slope_nlme", c("(Intercept)", "week"), c("estimate", "estimate"), fixef(same))

# --- GEE: geepack ---------------------------------------------------------------------------------------------------------
later <- courses[courses$week > 0, ]
later <- later[order(later$patient_id, later$week), ]
first <- later[!duplicated(later$patient_id), ]
later$centred <- later$baseline - mean(first$baseline)
later$visit <- factor(later$week)
later$id <- as.integer(factor(later$patient_id))
marginal <- geeglm(value ~ 0 + visit + visit:centred, id = id, data = later, corstr = "exchangeable",
                   control = geese.control(epsilon = 1e-12, maxit = 500))
terms <- coef(summary(marginal))
for (k in seq_len(nrow(terms))) keep("gee", rownames(terms)[k], c("estimate", "se"), terms[k, 1:2])

# --- Rubin's rules: mice::pool on given completed data sets ---------------------------------------------------------------
completed <- do.call(rbind, lapply(1:6, function(m) {
  value <- study$followup
  is_missing <- u(i, 0.9150512) < 0.3
  value[is_missing] <- round(study$baseline[is_missing] - 4 + 7 * z(i[is_missing] + 13 * m, 0.618 + 0.03 * m), 1)
  data.frame(imputation = m, patient_id = study$patient_id, group, baseline, followup = value,
             improvement = round(baseline - value, 1), is_imputed = as.integer(is_missing))
}))
write.csv(completed, "reference_completed.csv", row.names = FALSE, quote = FALSE)
fits <- lapply(1:6, function(m) lm(improvement ~ 1, data = completed[completed$imputation == m, ]))
pooled <- summary(pool(as.mira(fits)), conf.int = TRUE)
raw <- pool(as.mira(fits))$pooled
keep("rubin", "all", c("estimate", "se", "df", "lower", "upper", "p_value", "lambda"),
     c(pooled$estimate, pooled$std.error, pooled$df, pooled$`2.5 %`, pooled$`97.5 %`, pooled$p.value, raw$lambda))

# --- imputation: mice.impute.norm and mice.impute.pmm -----------------------------------------------------------------------
# Draws cannot be the same on both sides; their mean over many data sets and their spread between them must be.
set.seed(1)
is_missing <- u(i, 0.9150512) < 0.3
predictors <- cbind(baseline, exercise = as.integer(group == "exercise"), graded = as.integer(group == "graded"))
for (method in c("norm", "pmm")) {
  impute <- get(paste0("mice.impute.", method), envir = asNamespace("mice"))
  means <- replicate(4000, {
    value <- study$followup
    value[is_missing] <- impute(study$followup, !is_missing, predictors)
    mean(study$baseline - value)
  })
  keep("imputation", method, c("mean", "between"), c(mean(means), var(means)))
}
# Which donors can be drawn is no matter of chance: the five nearest.
fitted_values <- study$followup[!is_missing]
wanted <- study$baseline[is_missing] - 7.03
for (j in seq_along(wanted)) {
  drawn <- replicate(300, mice:::matchindex(fitted_values, wanted[j], 5L))
  donors <- sort(unique(drawn)) - 1
  keep("pmm_donors", j - 1, seq_along(donors), donors)
}

# --- MIC: glm and pROC ----------------------------------------------------------------------------------------------------
logit <- glm(is_improved ~ improvement, family = binomial, data = study, control = glm.control(epsilon = 1e-14, maxit = 100))
p <- mean(study$is_improved)
keep("mic", "predictive", "mic", (log(p / (1 - p)) - coef(logit)[1]) / coef(logit)[2])
curve <- roc(study$is_improved, study$improvement, quiet = TRUE, direction = "<")
keep("mic", "roc", "auc", as.numeric(auc(curve)))
keep("mic", "all", "correlation", cor(study$improvement, study$is_improved))

# --- risk adjustment: glm ---------------------------------------------------------------------------------------------------
risk <- glm(is_improved ~ baseline, family = binomial, data = study, control = glm.control(epsilon = 1e-14, maxit = 100))
expected <- tapply(fitted(risk), study$group, sum)
keep("risk", names(expected), rep("expected", length(expected)), expected)

write.csv(numbers, "reference_numbers.csv", row.names = FALSE, quote = FALSE)
packages <- c("survival", "lme4", "nlme", "emmeans", "effectsize", "mice", "psych", "geepack", "pROC", "jsonlite")
versions <- data.frame(package = c("R", packages),
                       version = c(paste(R.version$major, R.version$minor, sep = "."),
                                   sapply(packages, function(p) as.character(packageVersion(p)))))
write.csv(versions, "reference_versions.csv", row.names = FALSE, quote = FALSE)
