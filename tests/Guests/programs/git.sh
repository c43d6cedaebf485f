# needs: git
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1
git init -q -b main r; cd r
seq 1 500 > f; git add f; git commit -qm first; sed -i 's/^100$/hundred/' f; git commit -qam second
git log --format='%H %s'; git diff HEAD~1 --stat; git checkout -q -b side HEAD~1; echo more >> f; git commit -qam third; git merge -q main -m merged; git log --graph --oneline
git cat-file -p HEAD^{tree}; git gc -q; git fsck 2>&1 | grep -v 'Checking'; cd ..; git clone -q r s; git -C s rev-parse HEAD; git -C s status --short --branch
