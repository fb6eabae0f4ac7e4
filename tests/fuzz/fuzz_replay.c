// Runs a fuzz target on every file of a folder, so that what fuzzing found stays an ordinary test: fuzz_replay FOLDER.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 1 << 20 };

static int replay(const char *folder, const char *name) {
  static uint8_t data[FILE_MAX];
  char path[4096];
  const int length = snprintf(path, sizeof path, "%s/%s", folder, name);
  if (length < 0 || (size_t)length >= sizeof path) return 1;
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "cannot open %s\n", path);
    return 1;
  }
  const size_t size = fread(data, 1, sizeof data, file);
  fclose(file);
  fprintf(stderr, "%s\n", name);  // the last line before a crash names the input
  // A copy of exactly this size, so that a sanitizer sees the first byte read past the end.
  uint8_t *exact = malloc(size == 0 ? 1 : size);
  if (exact == NULL) return 1;
  memcpy(exact, data, size);
  LLVMFuzzerTestOneInput(exact, size);
  free(exact);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  DIR *folder = opendir(argv[1]);
  if (folder == NULL) return 2;
  int count = 0, failures = 0;
  for (struct dirent *item; (item = readdir(folder)) != NULL;) {
    if (item->d_name[0] == '.') continue;
    failures += replay(argv[1], item->d_name);
    count++;
  }
  closedir(folder);
  printf("%d inputs\n", count);
  return failures == 0 && count > 0 ? 0 : 1;
}
