# lnnflow: `make` builds build/lnnflow, `make demo` runs the main job, `make test` tests.
#
#   make MODE=san test    another build, in its own folder build/<MODE>/:
#                         release (default), debug, san (address and undefined-behaviour
#                         sanitizers), clang (release by clang)
#   make V=1              shows the commands; CI=1 turns warnings into errors
#   make setup            installs what is missing (Debian); demo and test do it themselves
#   make install PREFIX=/usr/local DESTDIR=
#   make theorems         judges every theorem where it holds and where it must not
#   make experiments      the papers' experiments, each with what it must show;
#                         experiment-a, ... one of them
#   make notebooks        executes the notebooks into output/*.html (needs jupyter-nbconvert)
#   make check-fast | lint | format | format-check | bench | uninstall | clean
#
# Every .c in the folders below is picked up: a new file needs no line here.

VERSION := 0.1.0
SONAME  := liblnnflow.so.0
MODE    ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
DEMO    ?= odes/diabetes.yaml

B       := build/$(MODE)
LIB_C   := $(wildcard src/*.c src/losses/*.c src/activations/*.c src/inits/*.c src/steppers/*.c \
             src/observables/*.c src/theorems/*.c odes/*.c)
CLI_C   := $(wildcard src/cli/*.c)
TEST_C  := $(wildcard tests/*.c)
CRASH_C := $(wildcard tests/crash/*.c)
LIB_O   := $(LIB_C:%.c=$B/%.o)
CLI_O   := $(CLI_C:%.c=$B/%.o)
TEST_O  := $(TEST_C:%.c=$B/%.o)
CRASH   := $(patsubst %shim,%shim.so,$(CRASH_C:tests/%.c=$B/%))
PRETTY  := $(wildcard include/*.h include/lnn/*.h src/*.h src/*/*.h tests/*.h tests/*/*.h) \
           $(LIB_C) $(CLI_C) $(TEST_C) $(CRASH_C)

# --- flags -------------------------------------------------------------------------------
CFLAGS_release := -O2 -g
CFLAGS_clang   := -O2 -g
CFLAGS_debug   := -O0 -g3
CFLAGS_san     := -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer \
                  -fno-sanitize-recover=undefined
ifndef CFLAGS_$(MODE)
$(error MODE=$(MODE): one of release, debug, san, clang is meant)
endif
ifeq ($(MODE),clang)
CC := clang
endif
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wwrite-strings -Wformat=2 -Wpointer-arith \
            $(if $(filter 1 true,$(CI)),$(if $(filter-out san,$(MODE)),-Werror))

# $(call once,NAME,COMMAND): the command's output, asked for when first needed, so that
# `make setup` can run before pkg-config is there. OpenBLAS is the BLAS, not gslcblas; the
# plain name hdf5 may be the MPI build; some systems' OpenBLAS brings LAPACKE itself.
once      = $(eval $1 := $$(shell { $2; } 2>/dev/null))$($1)
has       = pkg-config --exists $1 && echo $1
HDF5      = $(call once,HDF5,$(call has,hdf5-serial) || echo hdf5)
LAPACKE   = $(call once,LAPACKE,$(call has,lapacke))
PACKAGES  = gsl openblas yaml-0.1 zlib $(HDF5) $(LAPACKE)
DEP_FLAGS = $(call once,DEP_FLAGS,pkg-config --cflags $(PACKAGES))
DEP_LIBS  = $(call once,DEP_LIBS,pkg-config --libs-only-L $(PACKAGES); echo -lhdf5_hl; \
              pkg-config --libs-only-l $(PACKAGES) | sed 's/-lgslcblas//'; echo -lpthread -lm)
COMPILE   = $(CC) -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -Iinclude -Isrc -I. \
            $(DEP_FLAGS) $(CFLAGS_$(MODE)) -fPIC -fno-semantic-interposition \
            -ffp-contract=off $(WARNINGS) $(CPPFLAGS) $(CFLAGS)
LINK      = $(CC) $(CFLAGS_$(MODE)) $(CFLAGS) $(LDFLAGS)

say  = $(if $(V),,@echo '$1' $@ &&)
MAKEFLAGS += --no-builtin-rules -j$(shell nproc)

# --- build -------------------------------------------------------------------------------
.PHONY: all lib demo test theorems experiments notebooks check-fast lint format format-check bench install \
        uninstall setup clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $B/lnnflow lib
	@ln -sfn $(MODE)/lnnflow build/lnnflow
lib: $B/liblnnflow.a $B/liblnnflow.so

$B/lnnflow: $(CLI_O) $B/liblnnflow.a $B/sources
	$(call say,LINK)$(LINK) -o $@ $(CLI_O) $B/liblnnflow.a $(DEP_LIBS)
$B/liblnnflow.a: $(LIB_O) $B/sources
	@rm -f $@
	$(call say,AR  )$(AR) rcs $@ $(LIB_O)
$B/liblnnflow.so: $(LIB_O) $B/sources
	$(call say,LINK)$(LINK) -shared -Wl,-soname,$(SONAME) -o $@ $(LIB_O) $(DEP_LIBS)
$B/lnn_tests: $(TEST_O) $B/liblnnflow.a $B/sources
	$(call say,LINK)$(LINK) -o $@ $(TEST_O) $B/liblnnflow.a $(DEP_LIBS) -lcriterion
$B/crash/shim.so: $B/tests/crash/shim.o
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -shared -o $@ $< -ldl
$B/crash/%: $B/tests/crash/%.o $B/liblnnflow.a
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -o $@ $^ $(DEP_LIBS)

$(TEST_O): EXTRA = -Itests -DLNN_SOURCE='"$(CURDIR)"'
$(CLI_O):  EXTRA = -DLNN_VERSION='"$(VERSION)"' -include $B/version.h
$(CLI_O):  $B/version.h
$B/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo 'CC  ' $< &&)$(COMPILE) $(EXTRA) -MMD -MP -c -o $@ $<

# Stamps: rewritten only when what they hold has changed. The flags (all is rebuilt), the
# lists of files (a removed source leaves the library), the commit (src/cli is rebuilt).
stamp = @mkdir -p $(@D); new='$(subst ','\'',$1)'; \
        [ "$$new" = "$$(cat $@ 2>/dev/null)" ] || printf '%s\n' "$$new" >$@
# Where git does not answer (no repository, or another user's) the last answer stands.
COMMIT = $(or $(shell [ ! -e .git ] || git describe --always --dirty --tags 2>/dev/null), \
              $(shell cut -d'"' -f2 $B/version.h 2>/dev/null),unknown)

$B/flags: FORCE
	@pkg-config --exists --print-errors $(PACKAGES) || \
	 { echo 'Libraries are missing: make setup' >&2; exit 1; }
	$(call stamp,$(COMPILE) / $(LINK) / $(DEP_LIBS) / $(VERSION) / $(CURDIR))
$B/sources: FORCE
	$(call stamp,$(LIB_C) / $(CLI_C) / $(TEST_C))
$B/version.h: FORCE
	$(call stamp,#define LNN_GIT "$(COMMIT)")
FORCE:

# demo and test install what is missing before the first compilation.
ifneq ($(filter setup demo test theorems check-fast,$(MAKECMDGOALS)),)
$B/flags: | setup
endif
setup:
	@tests/setup.sh build $(if $(filter test theorems check-fast,$(MAKECMDGOALS)),test)

# --- run ---------------------------------------------------------------------------------
DEMO_FILE := output/$(basename $(notdir $(DEMO))).h5
DEMO_PAGE := $(DEMO_FILE:.h5=.html)
demo: all
	@mkdir -p output
	build/lnnflow run $(DEMO) -o $(DEMO_FILE) --force
	build/lnnflow verify $(DEMO_FILE)
	@build/lnnflow report $(DEMO_FILE) -o $(DEMO_PAGE) --force >/dev/null
	@printf '\nThe trajectories are in %s: build/lnnflow info, h5ls -r, h5py, ...\n' \
	        $(DEMO_FILE)
	@printf 'Verdicts and charts, for a browser: %s\n' $(DEMO_PAGE)

test: $B/lnn_tests $B/lnnflow $(CRASH)
	@tests/run.sh $B
theorems: $B/lnnflow
	@tests/theorems/run.py $B/lnnflow
	@tests/theorems/sensitivity.py $B/lnnflow
experiments: all
	@notebooks/experiments.py
experiment-%: all
	@notebooks/experiments.py $*
notebooks: all
	@mkdir -p output
	jupyter-nbconvert --execute --to html --output-dir output notebooks/*.ipynb
check-fast: $B/lnn_tests
	@tests/run.sh $B unit

lint:
	@status=0; for lint in tests/lint/*.sh; do $$lint || status=1; done; exit $$status
format:
	@clang-format -i $(PRETTY)
format-check:
	@clang-format --dry-run --Werror $(PRETTY)
ifneq ($(wildcard bench/run.sh),)
bench: $B/lnnflow
	bench/run.sh $B
endif
clean:
	rm -rf build

# --- install -----------------------------------------------------------------------------
D  := $(DESTDIR)$(PREFIX)
SO := liblnnflow.so.$(VERSION)
MAN := $D/share/man/man1/lnnflow.1
COMPLETION := $D/share/bash-completion/completions/lnnflow
define PC
prefix=$(PREFIX)
includedir=$${prefix}/include
libdir=$${prefix}/lib

Name: lnnflow
Description: Gradient flow of deep linear networks
Version: $(VERSION)
Cflags: -I$${includedir} $(DEP_FLAGS)
Libs: -L$${libdir} -llnnflow
Libs.private: $(DEP_LIBS)
endef

install: all
	$(file >$B/lnnflow.pc,$(PC))
	install -d $D/bin $D/lib/pkgconfig $D/include/lnn $(dir $(MAN) $(COMPLETION))
	install -m 755 $B/lnnflow $D/bin/lnnflow
	install -m 644 $B/liblnnflow.a $D/lib/
	install -m 755 $B/liblnnflow.so $D/lib/$(SO)
	ln -sfn $(SO) $D/lib/$(SONAME)
	ln -sfn $(SONAME) $D/lib/liblnnflow.so
	install -m 644 $B/lnnflow.pc $D/lib/pkgconfig/
	install -m 644 include/lnnflow.h $D/include/
	install -m 644 $(wildcard include/lnn/*.h include/lnn/*.def) $D/include/lnn/
	$B/lnnflow help man >$(MAN)
	$B/lnnflow help completion >$(COMPLETION)
uninstall:
	rm -rf $D/bin/lnnflow $D/lib/liblnnflow.* $D/lib/pkgconfig/lnnflow.pc \
	       $D/include/lnnflow.h $D/include/lnn $(MAN) $(COMPLETION)

-include $(patsubst %.o,%.d,$(LIB_O) $(CLI_O) $(TEST_O)) $(CRASH_C:%.c=$B/%.d)
