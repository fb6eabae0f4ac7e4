// A project and a plan of it as Microsoft Project's XML (MSPDI).
#include "schedule/schedule_write_xml.h"

#include <math.h>
#include <string.h>

static const double SOME_MONDAY = 946857600;  // 2000-01-03: of projects without a date

static void put_escaped(clx_buffer *out, const char *text) {
  for (const char *c = text; *c != '\0'; c++) {
    const char *entity = *c == '&' ? "&amp;" : *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : *c == '"' ? "&quot;" : NULL;
    if (entity != NULL)
      clx_buffer_format(out, "%s", entity);
    else
      clx_buffer_add(out, (unsigned char)*c < ' ' || *c == 0x7f ? " " : c, 1);
  }
}

void clx_xml_put(clx_buffer *out, const char *name, const char *text) {
  clx_buffer_format(out, "<%s>", name);
  put_escaped(out, text);
  clx_buffer_format(out, "</%s>", name);
}

void clx_xml_put_date(const clx_xml_writer *w, const char *name, int64_t unit) {
  char text[CLX_TIME_TEXT];
  clx_time_write((double)(w->start + unit * w->unit), true, text);
  clx_buffer_format(w->out, "<%s>%s</%s>", name, text, name);
}

static void put_number(const clx_xml_writer *w, const char *name, int64_t value) {
  clx_buffer_format(w->out, "<%s>%lld</%s>", name, (long long)value, name);
}

static void put_duration(const clx_xml_writer *w, const char *name, int64_t units) {
  const int64_t minutes = units * w->unit / 60;
  clx_buffer_format(w->out, "<%s>PT%lldH%lldM0S</%s>", name, (long long)(minutes / 60), (long long)(minutes % 60),
                    name);
}

static int32_t mode_of(const clx_xml_writer *w, int32_t activity) {
  return w->plan != NULL ? w->plan->mode[activity] : 0;
}

// --- tasks ---------------------------------------------------------------------------------------------------------------------------------

// The latest unit from which `work` units of work end by `finish`, or later where it would lie before the start of the project.
static int64_t start_for(const clx_project *p, int32_t calendar, int64_t finish, int32_t work) {
  int64_t start = finish;
  for (int32_t left = work; start > 0 && left > 0; start--) left -= clx_project_works(p, calendar, (int32_t)start - 1);
  return start > 0 ? start : 0;
}

// Units by which the plan starts an activity after links and its release would have it: levelling, which Project keeps as a delay.
static int64_t delay_of(const clx_xml_writer *w, int32_t i) {
  const clx_project *p = w->p;
  const clx_project_activity *a = &p->activity[i];
  const int32_t work = a->mode[mode_of(w, i)].duration;
  int64_t earliest = a->release;
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    if (l->to != i) continue;
    const bool ends = l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF;
    const bool finishes = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF;
    const int64_t time = (ends ? w->plan->finish[l->from] : w->plan->start[l->from]) + (int64_t)l->least;
    const int64_t start = finishes ? start_for(p, a->calendar, time, work) : time;
    earliest = start > earliest ? start : earliest;
  }
  while (work > 0 && earliest < w->plan->start[i] && !clx_project_works(p, a->calendar, (int32_t)earliest)) earliest++;
  return w->plan->start[i] > earliest ? w->plan->start[i] - earliest : 0;
}

// What this format has no element for.
static void put_notes(const clx_xml_writer *w, int32_t i) {
  const clx_project *p = w->p;
  const clx_project_activity *a = &p->activity[i];
  clx_buffer text = {0};
  for (int32_t m = 0; m < a->mode_count; m++) {
    if (m == mode_of(w, i)) continue;
    clx_buffer_format(&text, "Could also take %d h with", (int)(a->mode[m].duration * w->unit / 3600));
    for (int32_t k = 0; k < a->mode[m].use_count; k++)
      clx_buffer_format(&text, " %lld %s", (long long)a->mode[m].use[k].amount,
                        p->resource[a->mode[m].use[k].resource].name);
    clx_buffer_format(&text, "%s. ", a->mode[m].use_count == 0 ? " nothing" : "");
  }
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    if (l->to == i && l->most != CLX_PROJECT_NONE)
      clx_buffer_format(&text, "At most %d h after %s (%s). ", (int)(l->most * w->unit / 3600),
                        p->activity[l->from].name, clx_project_link_name[l->kind]);
  }
  if (text.data != NULL) clx_xml_put(w->out, "Notes", text.data);
  w->out->failed = w->out->failed || text.failed;
  clx_buffer_free(&text);
}

static void put_links(const clx_xml_writer *w, int32_t i) {
  static const int32_t types[CLX_PROJECT_LINKS] = {
      [CLX_PROJECT_FF] = 0, [CLX_PROJECT_FS] = 1, [CLX_PROJECT_SF] = 2, [CLX_PROJECT_SS] = 3};
  enum { ELAPSED_HOURS = 6 };
  for (int32_t k = 0; k < w->p->link_count; k++) {
    const clx_project_link *l = &w->p->link[k];
    if (l->to != i) continue;
    clx_buffer_format(w->out,
                      "\n      <PredecessorLink><PredecessorUID>%d</PredecessorUID><Type>%d</Type><CrossProject>0"
                      "</CrossProject><LinkLag>%lld</LinkLag><LagFormat>%d</LagFormat></PredecessorLink>",
                      l->from + 1, types[l->kind], (long long)(l->least * w->unit / 6), ELAPSED_HOURS);
  }
}

// Whether the dates of the plan follow from its own calendar, and not from those of its resources.
static bool ignores_resources(const clx_xml_writer *w, int32_t i) {
  const clx_project_activity *a = &w->p->activity[i];
  const clx_project_mode *m = &a->mode[mode_of(w, i)];
  for (int32_t k = 0; k < m->use_count; k++) {
    const int32_t calendar = w->p->resource[m->use[k].resource].calendar;
    if (calendar != CLX_PROJECT_NONE && calendar != a->calendar) return true;
  }
  return false;
}

static void put_head(const clx_xml_writer *w, int32_t uid, int32_t id, const char *name, int32_t level) {
  clx_buffer_format(w->out, "    <Task>\n      ");
  put_number(w, "UID", uid);
  put_number(w, "ID", id);
  clx_xml_put(w->out, "Name", name);
  clx_buffer_format(w->out, "<Type>1</Type><IsNull>0</IsNull>");
  put_number(w, "OutlineLevel", level);
}

static void put_task(const clx_xml_writer *w, int32_t i, int32_t id, int32_t level) {
  const clx_project_activity *a = &w->p->activity[i];
  const int32_t work = a->mode[mode_of(w, i)].duration;
  const bool alone = work > 0 && ignores_resources(w, i);
  put_head(w, i + 1, id, a->name, level);
  if (w->plan != NULL) {
    clx_xml_put_date(w, "Start", w->plan->start[i]);
    clx_xml_put_date(w, "Finish", w->plan->finish[i]);
  }
  put_duration(w, "Duration", work);
  clx_buffer_format(w->out, "<DurationFormat>5</DurationFormat><Milestone>%d</Milestone><Summary>0</Summary>",
                    work == 0);
  const int64_t delay = w->plan != NULL ? delay_of(w, i) * w->unit / 6 : 0;
  clx_buffer_format(w->out, "<LevelingDelay>%lld</LevelingDelay><LevelingDelayFormat>8</LevelingDelayFormat>",
                    (long long)delay);
  clx_buffer_format(w->out, "\n      <ConstraintType>%d</ConstraintType>", a->release > 0 ? 4 : 0);
  put_number(w, "CalendarUID", a->calendar != CLX_PROJECT_NONE ? a->calendar + 2 : alone ? CLX_XML_ALWAYS : -1);
  if (a->release > 0) clx_xml_put_date(w, "ConstraintDate", a->release);
  if (a->deadline != CLX_PROJECT_NONE) clx_xml_put_date(w, "Deadline", a->deadline);
  clx_buffer_format(w->out, "<IgnoreResourceCalendar>%d</IgnoreResourceCalendar>", alone);
  put_notes(w, i);
  put_links(w, i);
  clx_buffer_format(w->out, "\n    </Task>\n");
}

static void put_phase(const clx_xml_writer *w, int32_t phase, int32_t id) {
  const clx_project *p = w->p;
  int32_t start = INT32_MAX, finish = 0;
  put_head(w, p->activity_count + 1 + phase, id, p->phase[phase], 1);
  for (int32_t i = 0; i < p->activity_count && w->plan != NULL; i++) {
    if (p->activity[i].phase != phase) continue;
    start = w->plan->start[i] < start ? w->plan->start[i] : start;
    finish = w->plan->finish[i] > finish ? w->plan->finish[i] : finish;
  }
  if (w->plan != NULL) {
    clx_xml_put_date(w, "Start", start);
    clx_xml_put_date(w, "Finish", finish);
    put_duration(w, "Duration", finish - start);
  }
  clx_buffer_format(w->out,
                    "<DurationFormat>5</DurationFormat><Milestone>0</Milestone><Summary>1</Summary>\n    </Task>\n");
}

static void write_tasks(const clx_xml_writer *w) {
  const clx_project *p = w->p;
  int32_t id = 0;
  clx_buffer_format(w->out, "  <Tasks>\n");
  for (int32_t phase = 0; phase < (p->phase_count > 0 ? p->phase_count : 1); phase++) {
    bool begun = p->phase_count == 0;
    for (int32_t i = 0; i < p->activity_count; i++) {
      if (p->phase_count > 0 && p->activity[i].phase != phase) continue;
      if (!begun) put_phase(w, phase, ++id);
      begun = true;
      put_task(w, i, ++id, p->phase_count > 0 ? 2 : 1);
    }
  }
  clx_buffer_format(w->out, "  </Tasks>\n");
}

// --- resources -----------------------------------------------------------------------------------------------------------------------------

static void put_period(const clx_xml_writer *w, int64_t from, int64_t to, int64_t amount) {
  clx_buffer_format(w->out, "\n        <AvailabilityPeriod>");
  clx_xml_put_date(w, "AvailableFrom", from);
  if (to >= 0)
    clx_xml_put_date(w, "AvailableTo", to);
  else
    clx_buffer_format(w->out, "<AvailableTo>2049-12-31T23:59:00</AvailableTo>");
  clx_buffer_format(w->out, "<AvailableUnits>%lld</AvailableUnits></AvailabilityPeriod>", (long long)amount);
}

static void write_resources(const clx_xml_writer *w) {
  clx_buffer_format(w->out, "  <Resources>\n");
  for (int32_t k = 0; k < w->p->resource_count; k++) {
    const clx_project_resource *r = &w->p->resource[k];
    const bool flat = !r->consumed && (r->level_count == 0 || (r->level_count == 1 && r->level[0].at == 0));
    int64_t most = 0;
    for (int32_t n = 0; n < r->level_count; n++) most = r->level[n].amount > most ? r->level[n].amount : most;
    clx_buffer_format(w->out, "    <Resource>\n      ");
    put_number(w, "UID", k + 1);
    put_number(w, "ID", k + 1);
    clx_xml_put(w->out, "Name", r->name);
    clx_buffer_format(w->out, "<Type>%d</Type><IsNull>0</IsNull>", r->consumed ? 0 : 1);
    if (!r->consumed) clx_buffer_format(w->out, "<MaxUnits>%lld</MaxUnits>", (long long)most);
    if (!r->consumed) put_number(w, "CalendarUID", r->calendar != CLX_PROJECT_NONE ? r->calendar + 2 : CLX_XML_ALWAYS);
    if (!flat) clx_buffer_format(w->out, "\n      <AvailabilityPeriods>");
    if (!flat && r->level_count == 0) put_period(w, 0, 0, 0);
    for (int32_t n = 0; n < r->level_count && !flat; n++) {
      const int64_t end = n + 1 < r->level_count ? r->level[n + 1].at : -1;
      put_period(w, r->level[n].at, r->consumed ? r->level[n].at : end, r->level[n].amount);
    }
    if (!flat) clx_buffer_format(w->out, "\n      </AvailabilityPeriods>");
    clx_buffer_format(w->out, "\n    </Resource>\n");
  }
  clx_buffer_format(w->out, "  </Resources>\n");
}

static void write_assignments(const clx_xml_writer *w) {
  int32_t uid = 0;
  clx_buffer_format(w->out, "  <Assignments>\n");
  for (int32_t i = 0; i < w->p->activity_count; i++) {
    const clx_project_mode *m = &w->p->activity[i].mode[mode_of(w, i)];
    for (int32_t k = 0; k < m->use_count; k++) {
      clx_buffer_format(w->out, "    <Assignment>");
      put_number(w, "UID", ++uid);
      put_number(w, "TaskUID", i + 1);
      put_number(w, "ResourceUID", m->use[k].resource + 1);
      if (w->plan != NULL) {
        clx_xml_put_date(w, "Start", w->plan->start[i]);
        clx_xml_put_date(w, "Finish", w->plan->finish[i]);
      }
      clx_buffer_format(w->out, "<HasFixedRateUnits>1</HasFixedRateUnits>");
      put_number(w, "Units", m->use[k].amount);
      if (!w->p->resource[m->use[k].resource].consumed) put_duration(w, "Work", m->use[k].amount * m->duration);
      clx_buffer_format(w->out, "</Assignment>\n");
    }
  }
  clx_buffer_format(w->out, "  </Assignments>\n");
}

// --- the file ------------------------------------------------------------------------------------------------------------------------------

clx_status clx_project_write_xml(const clx_project *p, const clx_project_plan *plan, clx_buffer *out,
                                 clx_error *error) {
  static const int32_t DAY = 86400, MINUTE = 60;
  clx_xml_writer w = {.p = p, .plan = plan, .out = out, .error = error};
  double start = SOME_MONDAY;
  if (!(p->unit >= MINUTE && p->unit <= DAY && p->unit == floor(p->unit)) || DAY % (int32_t)p->unit != 0 ||
      (int32_t)p->unit % MINUTE != 0)
    return clx_fail_plain(error, CLX_INPUT,
                          "a unit of %g s: Microsoft Project's XML takes whole minutes that divide a day", p->unit);
  w.unit = (int64_t)p->unit;
  const bool dated = p->start != NULL && clx_time_read(p->start, &start);
  w.start = (int64_t)floor(start);
  clx_buffer_format(out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
                    "<Project xmlns=\"http://schemas.microsoft.com/project\">\n");
  if (!dated)
    clx_buffer_format(out, "  <!-- The project has no date: it is written as if it began on 2000-01-03. -->\n");
  clx_buffer_format(out, "  <SaveVersion>14</SaveVersion>");
  clx_xml_put(out, "Title", p->name != NULL && p->name[0] != '\0' ? p->name : "project");
  clx_buffer_format(out, "\n  <ScheduleFromStart>1</ScheduleFromStart>");
  clx_xml_put_date(&w, "StartDate", 0);
  if (plan != NULL) clx_xml_put_date(&w, "FinishDate", plan->makespan);
  clx_buffer_format(out,
                    "<CalendarUID>%d</CalendarUID><MinutesPerDay>1440</MinutesPerDay><MinutesPerWeek>10080"
                    "</MinutesPerWeek><DaysPerMonth>30</DaysPerMonth>\n",
                    CLX_XML_ALWAYS);
  CLX_TRY(clx_xml_write_calendars(&w));
  write_tasks(&w);
  write_resources(&w);
  write_assignments(&w);
  clx_buffer_format(out, "</Project>\n");
  if (out->failed) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for XML");
  return CLX_OK;
}
