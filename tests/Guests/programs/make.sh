# needs: make gcc
cat > Makefile <<'END'
OBJECTS = a.o b.o c.o
prog: $(OBJECTS)
	@echo linking; gcc -o $@ $(OBJECTS)
%.o: %.c
	@echo compiling $<; gcc -O1 -c -o $@ $<
clean:
	rm -f prog $(OBJECTS)
END
echo 'int b(void); int c(void); int main(void) { return b() + c(); }' > a.c; echo 'int b(void) { return 20; }' > b.c; echo 'int c(void) { return 3; }' > c.c
make prog; ./prog; echo "status $?"; make prog; make clean; make -j3 prog | sort; make nothing 2>&1; echo "make $?"
