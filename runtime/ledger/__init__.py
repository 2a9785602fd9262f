"""The department's books: tables, the operations that write them, the figures read from them.

Only processes write here, through named operations (operations.py; books.py has them
all). Quantities are whole pieces, money is Decimal, nothing posted is ever changed."""
