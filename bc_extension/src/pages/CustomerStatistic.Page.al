// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50124 "SI Customer Statistic"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'customerStatistic';
    EntitySetName = 'customerStatistics';
    SourceTable = Customer;
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    Editable = false;
    ModifyAllowed = false;
    InsertAllowed = false;
    DeleteAllowed = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'No.', Locked = true;
                    Editable = false;
                }
                field(displayName; Rec.Name)
                {
                    Caption = 'Name', Locked = true;
                    Editable = false;
                }
                field(balance; Rec."Balance (LCY)")
                {
                    Caption = 'Balance (LCY)', Locked = true;
                    Editable = false;
                }
                field(outstandingOrders; Rec."Outstanding Orders (LCY)")
                {
                    Caption = 'Outstanding Orders (LCY)', Locked = true;
                    Editable = false;
                }
                field(shippedNotInvoiced; Rec."Shipped Not Invoiced (LCY)")
                {
                    Caption = 'Shipped Not Invoiced (LCY)', Locked = true;
                    Editable = false;
                }
                field(outstandingInvoices; Rec."Outstanding Invoices (LCY)")
                {
                    Caption = 'Outstanding Invoices (LCY)', Locked = true;
                    Editable = false;
                }
                field(creditLimit; Rec."Credit Limit (LCY)")
                {
                    Caption = 'Credit Limit (LCY)', Locked = true;
                    Editable = false;
                }
                field(totalAmount; Rec.GetTotalAmountLCY())
                {
                    Caption = 'totalAmount', Locked = true;
                    Editable = false;
                }
                field(overdueAmount; Rec.CalcOverdueBalance())
                {
                    Caption = 'overdueAmount', Locked = true;
                    Editable = false;
                }
                field(overdueAmountAsOfDate; WorkDate())
                {
                    Caption = 'overdueAmountAsOfDate', Locked = true;
                    Editable = false;
                }
                field(totalSales; Rec.GetSalesLCY())
                {
                    Caption = 'totalSales', Locked = true;
                    Editable = false;
                }
                field(invoicedPrepaymentAmount; Rec.GetInvoicedPrepmtAmountLCY())
                {
                    Caption = 'invoicedPrepaymentAmount', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }
}
