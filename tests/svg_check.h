// What is wrong with a drawing: tags, texts off the page or upon one another, lines that leave it.
#pragma once

#include "check.h"

#include "base/base.h"

typedef struct box {
  double left, right, top, bottom;
  char text[64];
} box;

enum { TEXTS = 600 };

static inline double attribute(const char *tag, const char *name) {
  char key[32];
  snprintf(key, sizeof key, " %s=\"", name);
  const char *at = strstr(tag, key);
  assert_non_null(at);
  return strtod(at + strlen(key), NULL);
}

// The place of a text. 0.48 of the size is less than letters and digits of common sans-serif fonts take on average.
static inline box place_of(const char *tag) {
  static const struct {
    const char *style;
    double size;
  } sizes[] = {{"title", 19}, {"long", 15},  {"head", 13},   {"text", 12},
               {"small", 11}, {"tiny", 9.5}, {"light", 9.5}, {"dark", 9.5}};
  box b = {0};
  double size = 0;
  for (int32_t i = 0; i < CLX_COUNT(sizes); i++) {
    char key[32];
    snprintf(key, sizeof key, "class=\"%s\"", sizes[i].style);
    if (strncmp(tag + 6, key, strlen(key)) == 0) size = sizes[i].size;
  }
  assert_true(size > 0);
  const char *content = strchr(tag, '>') + 1;
  const size_t length = strcspn(content, "<");
  snprintf(b.text, sizeof b.text, "%.*s", (int)length, content);
  double letters = 0;  // wide scripts take two, "&amp;" one
  for (size_t i = 0; i < length; i++) {
    const unsigned char c = (unsigned char)content[i];
    if (c == '&') i += strcspn(content + i, ";");
    letters += (c & 0xC0) == 0x80 ? 0 : c >= 0xE1 ? 2 : 1;
  }
  const double x = attribute(tag, "x"), y = attribute(tag, "y"), width = 0.48 * size * letters;
  const char *anchor = strstr(tag, "text-anchor=\"") + 13;
  b.left = anchor[0] == 's' ? x : anchor[0] == 'e' ? x - width : x - width / 2;
  b.right = b.left + width;
  b.top = y - 0.72 * size;
  b.bottom = y;
  return b;
}

static inline void check_texts(const char *svg, double width, double height) {
  static box boxes[TEXTS];
  int32_t count = 0;
  for (const char *tag = svg; (tag = strstr(tag, "<text ")) != NULL; tag++) {
    assert_true(count < TEXTS);
    const box b = boxes[count] = place_of(tag);
    if (b.left < 0 || b.right > width || b.top < 0 || b.bottom > height) fail_msg("'%s' is off the page", b.text);
    for (int32_t i = 0; i < count; i++) {
      if (b.left < boxes[i].right && boxes[i].left < b.right && b.top < boxes[i].bottom && boxes[i].top < b.bottom) {
        fail_msg("'%s' stands upon '%s'", b.text, boxes[i].text);
      }
    }
    count++;
  }
  assert_true(count > 1);
}

// Tags open and close in order; attributes are quoted.
static inline void check_tags(const char *svg) {
  char open[16][16];
  int32_t depth = 0;
  for (const char *p = strchr(svg, '<'); p != NULL; p = strchr(p + 1, '<')) {
    const char *end = strchr(p, '>');
    assert_non_null(end);
    char name[16];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(p + (p[1] == '/' ? 2 : 1), " >/"), p + (p[1] == '/' ? 2 : 1));
    if (p[1] == '/') {
      assert_true(depth > 0);
      assert_string_equal(open[--depth], name);
    } else if (end[-1] != '/') {
      assert_true(depth < 16);
      snprintf(open[depth++], sizeof open[0], "%s", name);
    }
  }
  assert_int_equal(depth, 0);
}

// No number that is none: "nan" and "inf" stand at most inside words.
static inline void check_numbers(const char *text) {
  static const char *const none[] = {"nan", "inf"};
  for (int32_t i = 0; i < CLX_COUNT(none); i++) {
    for (const char *p = text; (p = strstr(p, none[i])) != NULL; p++) {
      if (p[3] < 'a' || p[3] > 'z') fail_msg("%.60s", p);
    }
  }
}

static inline void check_drawing(const char *svg) {
  assert_int_equal(strncmp(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39), 0);
  check_numbers(svg);
  assert_null(strstr(svg, "href"));
  assert_true(strlen(svg) < 200000);
  const double width = attribute(svg, "width"), height = attribute(svg, "height");
  check_tags(svg);
  check_texts(svg, width, height);
  for (const char *line = svg; (line = strstr(line, "<line ")) != NULL; line++) {
    assert_true(attribute(line, "x1") >= 0 && attribute(line, "x1") <= width);
    assert_true(attribute(line, "x2") >= 0 && attribute(line, "x2") <= width);
    assert_true(attribute(line, "y1") >= 0 && attribute(line, "y1") <= height);
    assert_true(attribute(line, "y2") >= 0 && attribute(line, "y2") <= height);
  }
}

static inline int32_t count_of(const char *text, const char *part) {
  int32_t count = 0;
  while ((text = strstr(text, part)) != NULL) {
    count++;
    text++;
  }
  return count;
}
