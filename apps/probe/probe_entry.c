// The device entry of a measured machine and the source that it names, as files of a catalogue.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probe.h"

// A text in double quotes, without what would end them.
static void add_quoted(probe_text *text, const char *value) {
  probe_add(text, "\"");
  for (const char *p = value; *p != '\0'; p++) {
    const unsigned char byte = (unsigned char)*p;
    if (byte < 0x20 || byte >= 0x7f) continue;
    probe_add(text, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
  }
  probe_add(text, "\"");
}

static void add_number(probe_text *text, const char *key, double value, const char *unit, const char *kind,
                       const char *why) {
  probe_add(text, "%s: {value: %.6g%s%s, kind: %s, why: ", key, value, unit[0] != '\0' ? " " : "", unit, kind);
  add_quoted(text, why);
  probe_add(text, "}\n");
}

static void add_peak(probe_text *text, const char *format, double rate, const char *why) {
  if (rate <= 0) return;
  probe_add(text, "  ");
  add_number(text, format, 1e-9 * rate, "GFLOP/s", "estimated", why);
}

static const char *kind_of(const char *from) { return strstr(from, "assumed") != NULL ? "assumed" : "estimated"; }

static void add_entry(probe_text *text, const probe_options *options, const probe_machine *m) {
  probe_add(text, "# Written by colossus probe.\nname: %s\ntitle: ", options->name);
  add_quoted(text, m->title);
  probe_add(text, "\nsource: probe-%s\nkind: measured\nfamily: %s\npeak:\n", options->name, m->family);
  add_peak(text, "fp32", m->peak_fp32, m->peak_from);
  add_peak(text, "bf16", m->peak_bf16, m->peak_from);
  add_peak(text, "fp8", m->peak_fp8, m->peak_from);
  probe_add(text, "memory: %.6g GB\n", 1e-9 * m->memory);
  add_number(text, "memory_bandwidth", 1e-9 * m->bandwidth, "GB/s", "measured", m->bandwidth_from);
  add_number(text, "l2", 1e-6 * m->cache, "MB", kind_of(m->cache_from), m->cache_from);
  probe_add(text, "processors: %d\n", m->processors);
  add_number(text, "clock", 1e-9 * m->clock, "GHz", kind_of(m->clock_from), m->clock_from);
  add_number(text, "tdp", m->tdp, "W", "assumed", m->power_from);
  add_number(text, "idle_power", m->idle_power, "W", "assumed", m->power_from);
  add_number(text, "nvlink", 1e-9 * m->link, "GB/s", "estimated", m->link_from);
}

// sources.yaml may hold sources of other devices: the line of this one is replaced or added.
static void add_sources(probe_text *text, const char *before, const probe_options *options, const probe_machine *m) {
  char id[96], date[16] = "";
  snprintf(id, sizeof id, "probe-%s:", options->name);
  const time_t now = time(NULL);
  struct tm parts;
  if (gmtime_r(&now, &parts) != NULL) strftime(date, sizeof date, "%Y-%m-%d", &parts);
  for (const char *line = before; line != NULL && *line != '\0';) {
    const size_t length = strcspn(line, "\n");
    if (strncmp(line, id, strlen(id)) != 0 && length > 0) probe_add(text, "%.*s\n", (int)length, line);
    line += length + (line[length] == '\n' ? 1 : 0);
  }
  probe_add(text, "%s {title: ", id);
  add_quoted(text, "Measurements of this machine by colossus probe");
  probe_add(text, ", who: \"colossus probe\", when: \"%s\", where: ", date);
  add_quoted(text, m->title);
  probe_add(text, "}\n");
}

int probe_entry_write(const probe_options *options, const probe_machine *machine) {
  probe_text entry = {0}, sources = {0};
  char path[128];
  snprintf(path, sizeof path, "device/%s.yaml", options->name);
  add_entry(&entry, options, machine);
  char *before = probe_read(options->folder, "sources.yaml");
  add_sources(&sources, before, options, machine);
  free(before);
  int code = probe_write(options->folder, path, &entry);
  if (code == PROBE_DONE) code = probe_write(options->folder, "sources.yaml", &sources);
  probe_text_free(&entry);
  probe_text_free(&sources);
  return code;
}
