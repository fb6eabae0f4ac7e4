// SVG primitives and the frame of a fabric's drawing, for the files of report.
#pragma once

#include "fabric/fabric.h"
#include "report/report.h"

// What is known of the links of one class. Shares of what is left of the links; mean < 0: nothing is known.
typedef struct clx_picture_heat {
  const char *name;  // "leaf up"
  int32_t tier;      // boundary: 0 = NIC to leaf
  double links;      // of one plane
  double rate;       // B/s of one
  double mean, most;
} clx_picture_heat;

// A drawing in the making. Coordinates are pixels, y downwards.
typedef struct clx_picture {
  clx_buffer *out;
  const clx_fabric *fabric;
  const clx_result *result;
  clx_picture_heat heat[CLX_LINK_CLASSES_MAX];
  int32_t heat_count;
} clx_picture;

typedef struct clx_point {
  double x, y;
} clx_point;

// Where the drawing of the topology may go; labels of rows stand to the left of it, the table of links to the right.
enum { CLX_PICTURE_LEFT = 150, CLX_PICTURE_RIGHT = 830, CLX_PICTURE_TOP = 96, CLX_PICTURE_WIDTH = 1200 };

// Text with what XML gives a meaning escaped; class: "title", "head", "text", "small", "tiny", "light" (on switches);
// anchor: "start", "middle", "end".
void clx_svg_text(clx_picture *p, double x, double y, const char *style, const char *anchor, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void clx_svg_box(clx_picture *p, double x, double y, double width, double height, double radius, const char *style);
// A dot or ring; style as of boxes.
void clx_svg_disc(clx_picture *p, clx_point at, double radius, const char *style);
// A link: colour by mean, width by the fullest. heat NULL: grey.
void clx_svg_link(clx_picture *p, clx_point a, clx_point b, const clx_picture_heat *heat);
// A link that failed (dashed, crossed) or a cross alone.
void clx_svg_dead(clx_picture *p, clx_point a, clx_point b);
void clx_svg_cross(clx_picture *p, clx_point at);
// A switch, its number in it; dead: crossed. Returns nothing that fails: out->failed is checked at the end.
void clx_svg_switch(clx_picture *p, clx_point centre, double width, int64_t number, bool dead);

// "#rrggbb" of a share; `text` holds 8 bytes. Returns it.
const char *clx_svg_colour(double share, char *text);
// Defines the gradient "scale", from 0 to 1 in the same colours.
void clx_svg_scale(clx_picture *p);

// Number within class `index` of the first failed or degraded link of it, -1 when all are well.
int64_t clx_picture_failed(const clx_picture *p, int32_t index);

// The fullest of the classes of a boundary, or NULL.
const clx_picture_heat *clx_picture_boundary(const clx_picture *p, int32_t tier);
// The class of this name, or NULL.
const clx_picture_heat *clx_picture_class(const clx_picture *p, const char *name);

// --- topologies: each draws between the bounds above and returns the y where it ended ------------------------------------
double clx_picture_clos(clx_picture *p);
double clx_picture_groups(clx_picture *p);  // dragonfly, dragonfly+
double clx_picture_grid(clx_picture *p);    // torus, mesh
double clx_picture_full(clx_picture *p);    // every server wired to every other
