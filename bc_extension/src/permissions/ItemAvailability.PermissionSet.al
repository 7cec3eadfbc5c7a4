// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
permissionset 50143 "SI Availability"
{
    Assignable = true;
    Caption = 'Item Availability Service';
    Permissions =
        tabledata Item = R,
        tabledata "Item Ledger Entry" = R,
        query "SI Item Availability" = X;
}
