// The rows of catalogue/server and catalogue/rack entries.
#include "machine/machine.h"

static const char *const COOLING[] = {"air", "liquid", NULL};

#define WATTS(name, type, member, high, text)                                                                          \
  {                                                                                                                    \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(type, member), .unit = "W", .minimum = 0, .maximum = (high), \
    .doc = text                                                                                                        \
  }
#define SUPPLIES(type)                                                                                      \
  {.key = "supply",                                                                                         \
   .kind = CLX_ROW_TEXT,                                                                                    \
   .offset = offsetof(type, supply),                                                                        \
   .doc = "power supply of the catalogue (conversion); none: not converted here"},                          \
      {.key = "supplies",                                                                                   \
       .kind = CLX_ROW_INT,                                                                                 \
       .offset = offsetof(type, supplies),                                                                  \
       .minimum = 0,                                                                                        \
       .maximum = 1000,                                                                                     \
       .doc = "supplies installed; all share the load"},                                                    \
  {                                                                                                         \
    .key = "supplies_needed", .kind = CLX_ROW_INT, .offset = offsetof(type, supplies_needed), .minimum = 0, \
    .maximum = 1000, .doc = "supplies that carry it alone; 0 = all"                                         \
  }
#define PARTS(type)                                                                                                   \
  {                                                                                                                   \
    .key = "parts", .kind = CLX_ROW_LIST, .offset = offsetof(type, part), .count_offset = offsetof(type, part_count), \
    .sub = &clx_power_part_schema, .doc = "what draws power beside accelerators and fans; instead of power_other"     \
  }

static const clx_row part_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_power_part, name),
     .required = true,
     .doc = "what it is"},
    {.key = "count",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_power_part, count),
     .initial = 1,
     .minimum = 0,
     .maximum = 10000,
     .doc = "equal ones"},
    WATTS("idle", clx_power_part, idle, 1e6, "one of them without work, behind the supplies"),
    WATTS("load", clx_power_part, load, 1e6, "one of them while the accelerators work"),
    WATTS("most", clx_power_part, most, 1e6, "one of them at its rating"),
};

const clx_schema clx_power_part_schema = {.name = "part",
                                          .doc = "equal parts of a server or rack",
                                          .rows = part_rows,
                                          .count = CLX_COUNT(part_rows),
                                          .size = sizeof(clx_power_part)};

static const clx_row server_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_server, name),
     .required = true,
     .doc = "canonical name, equal to the file name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_server, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(clx_server, aliases),
     .count_offset = offsetof(clx_server, alias_count),
     .doc = "other names; * stands for any characters"},
    {.key = "device",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_server, device),
     .required = true,
     .doc = "accelerator of the catalogue"},
    {.key = "gpus",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_server, gpus),
     .minimum = 1,
     .maximum = 1024,
     .required = true,
     .doc = "accelerators"},
    {.key = "nic",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_server, nic),
     .required = true,
     .doc = "scale-out NIC of the catalogue (link)"},
    {.key = "nics",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_server, nics),
     .minimum = 0,
     .maximum = 1024,
     .required = true,
     .doc = "NICs that serve the accelerators"},
    {.key = "extra_nics",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_server, extra_nics),
     .minimum = 0,
     .maximum = 1024,
     .doc = "NICs of the same rate for storage and management on the same fabric"},
    {.key = "cooling",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(clx_server, cooling),
     .required = true,
     .choices = COOLING,
     .doc = "how its heat leaves"},
    {.key = "power_max",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_server, power_max),
     .unit = "W",
     .minimum = 0,
     .maximum = 1e6,
     .doc = "rated power"},
    WATTS("power_other", clx_server, power_other, 1e6,
          "where no parts are listed: CPUs, memory, NICs, drives; no GPUs, no fans, no conversion loss"),
    PARTS(clx_server),
    WATTS("power_fans", clx_server, power_fans, 1e5, "fans with all accelerators at tdp and usual inlet air"),
    WATTS("fans_idle", clx_server, fans_idle, 1e5, "fans at least"),
    WATTS("fans_most", clx_server, fans_most, 1e5, "fans at full speed; 0 = power_fans"),
    {.key = "gpu_peak",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_server, gpu_peak),
     .initial = 1,
     .minimum = 1,
     .maximum = 3,
     .doc = "momentary peak of the accelerators over tdp"},
    SUPPLIES(clx_server),
    {.key = "height",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_server, height),
     .minimum = 0,
     .maximum = 60,
     .doc = "rack units"},
};

const clx_schema clx_server_schema = {.name = "server",
                                      .doc = "a server or compute tray",
                                      .rows = server_rows,
                                      .count = CLX_COUNT(server_rows),
                                      .size = sizeof(clx_server)};

static const clx_row rack_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_rack, name),
     .required = true,
     .doc = "canonical name, equal to the file name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_rack, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(clx_rack, aliases),
     .count_offset = offsetof(clx_rack, alias_count),
     .doc = "other names; * stands for any characters"},
    {.key = "server",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_rack, server),
     .required = true,
     .doc = "server of the catalogue"},
    {.key = "servers",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_rack, servers),
     .minimum = 1,
     .maximum = 1024,
     .required = true,
     .doc = "servers or trays in it"},
    {.key = "nvlink_domain",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_rack, nvlink_domain),
     .minimum = 0,
     .maximum = 100000,
     .doc = "accelerators that share NVLink: those of one server (0), of a rack, or of several racks"},
    {.key = "nvlink_switches",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_rack, nvlink_switches),
     .minimum = 0,
     .maximum = 1000,
     .doc = "NVLink switch trays in it"},
    {.key = "power_max",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_rack, power_max),
     .unit = "W",
     .minimum = 0,
     .maximum = 1e7,
     .doc = "rated power"},
    WATTS("power_other", clx_rack, power_other, 1e6,
          "where no parts are listed: NVLink switches, management, pumps; no conversion loss"),
    PARTS(clx_rack),
    SUPPLIES(clx_rack),
    {.key = "cooling",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(clx_rack, cooling),
     .required = true,
     .choices = COOLING,
     .doc = "how its heat leaves"},
};

const clx_schema clx_rack_schema = {
    .name = "rack", .doc = "a rack", .rows = rack_rows, .count = CLX_COUNT(rack_rows), .size = sizeof(clx_rack)};
