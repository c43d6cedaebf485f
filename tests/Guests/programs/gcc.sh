# needs: gcc
cat > p.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int compare(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
int main(int argc, char **argv) { qsort(argv + 1, argc - 1, sizeof *argv, compare); for (int i = 1; i < argc; i++) puts(argv[i]); return argc; }
END
gcc -O2 -Wall -o p p.c && ./p delta alpha charlie bravo; echo "status $?"
gcc -O1 -S -o - p.c | grep -c qsort
echo 'int main(void) { return undeclared; }' | gcc -x c - 2>&1 | grep -c error; 
printf '#include <iostream>\n#include <vector>\nint main() { std::vector<int> v{1, 2, 3}; for (int i : v) std::cout << i << "\\n"; }\n' > q.cc
if command -v g++ > /dev/null; then g++ -O1 -o q q.cc && ./q; fi
