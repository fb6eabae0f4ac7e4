// Errors of means: what is asked of a simulation of many requests is first of all the mean over them.
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "validate/validate_internal.h"

clx_means clx_means_make(const clx_table_job *job, int32_t metric, const bool *selected) {
  const char *column = job->kind->peer != NULL ? job->kind->peer_column[metric] : NULL;
  const int32_t peer = column != NULL ? clx_table_column(&job->table, column) : -1;
  clx_means m = {0};
  double answered = 0, of_answered = 0;
  for (int32_t i = 0; i < job->table.row_count; i++) {
    const clx_prediction *p = &job->row[i];
    if (!selected[i] || p->measured[metric] <= 0 || clx_prediction_missing(p, metric) != NULL) continue;
    m.rows++;
    m.measured += p->measured[metric];
    m.predicted += p->value[metric];
    double value = 0;
    if (!clx_table_number(&job->table, i, peer, &value) || value <= 0) continue;
    answered += value;
    of_answered += p->measured[metric];
  }
  if (m.rows == 0) return m;
  m.error = m.predicted / m.measured - 1;
  m.measured /= m.rows;
  m.predicted /= m.rows;
  m.peer = of_answered > 0 ? answered / of_answered - 1 : NAN;
  return m;
}

void clx_means_head(const clx_table_job *job, int width, clx_buffer *out) {
  clx_buffer_format(out, "%-*s %6s %12s %12s %8s", width, "means", "rows", "measured", "predicted", "error %");
  clx_buffer_format(out, job->kind->peer != NULL ? " %s %%\n" : "\n", job->kind->peer);
}

void clx_means_line(const char *name, int width, const clx_means *m, clx_buffer *out) {
  if (m->rows == 0) return;
  clx_buffer_format(out, "%-*s %6d %12.2f %12.2f %+8.1f", width, name, m->rows, m->measured, m->predicted,
                    100 * m->error);
  clx_buffer_format(out, isnan(m->peer) ? "\n" : " %+8.1f\n", 100 * m->peer);
}

void clx_means_json(const clx_means *m, json_t *object) {
  if (m->rows == 0) return;
  json_t *means = json_pack("{s:f,s:f,s:f}", "measured", m->measured, "predicted", m->predicted, "error", m->error);
  if (!isnan(m->peer)) json_object_set_new(means, "peer_error", json_real(m->peer));
  json_object_set_new(object, "means", means);
}
