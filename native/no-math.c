/* The functions of Math that no script of ours calls. QuickJS's object Math has their addresses, so without this file
 * the binary would contain them, with their tables: 28 KB. `make check` knows their names. */
#define NONE_OF_ONE(name)    \
    double name(double);     \
    double name(double x)    \
    {                        \
        (void)x;             \
        __builtin_trap();    \
    }
#define NONE_OF_TWO(name)           \
    double name(double, double);    \
    double name(double x, double y) \
    {                               \
        (void)x, (void)y;           \
        __builtin_trap();           \
    }
NONE_OF_ONE(acos)
NONE_OF_ONE(acosh)
NONE_OF_ONE(asin)
NONE_OF_ONE(asinh)
NONE_OF_ONE(atan)
NONE_OF_ONE(atanh)
NONE_OF_ONE(cbrt)
NONE_OF_ONE(cos)
NONE_OF_ONE(cosh)
NONE_OF_ONE(exp)
NONE_OF_ONE(expm1)
NONE_OF_ONE(log)
NONE_OF_ONE(log10)
NONE_OF_ONE(log1p)
NONE_OF_ONE(log2)
NONE_OF_ONE(sin)
NONE_OF_ONE(sinh)
NONE_OF_ONE(tan)
NONE_OF_ONE(tanh)
NONE_OF_TWO(atan2)
NONE_OF_TWO(hypot)
NONE_OF_TWO(pow)
